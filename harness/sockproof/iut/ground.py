"""What a case finds, or has put, at an address before a server is made there."""

from __future__ import annotations

import os
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
    """What is at the path of a Unix socket: "file", "folder", "link", "socket", or "below a file"
    where its folder is none. Empty where nothing is, and of other addresses."""
    if not isinstance(address, str) or not address.startswith("/"):
        return ""
    try:
        return _KINDS.get(stat.S_IFMT(os.lstat(address).st_mode), "")
    except NotADirectoryError:
        return "below a file"
    except (OSError, ValueError):
        return ""
