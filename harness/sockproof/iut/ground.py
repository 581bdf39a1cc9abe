"""What a case finds, or has put, at an address before a server is made there."""

from __future__ import annotations

import os
import socket
import stat
from typing import Any

__all__ = ["found_at"]

_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "link",
    stat.S_IFSOCK: "socket",
}


def found_at(address: Any) -> str:
    """What is at the path of a Unix socket: "file", "folder", "link", "socket", "stale socket" if
    nobody has it open, or "below a file" where its folder is none. Empty where nothing is, and of
    other addresses."""
    if not isinstance(address, str) or not address.startswith("/"):
        return ""
    try:
        found = _KINDS.get(stat.S_IFMT(os.lstat(address).st_mode), "")
        return f"stale {found}" if found == "socket" and _is_stale(address) else found
    except NotADirectoryError:
        return "below a file"
    except (OSError, ValueError):
        return ""


def _is_stale(path: str) -> bool:
    """Whether no socket is bound there any more, of whatever kind; nobody notices being asked."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(path)
        except ConnectionRefusedError:
            return True
        except OSError:  # it is of another kind
            return False
    return False
