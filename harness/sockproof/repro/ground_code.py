"""What statements of a script stand on: what a case has put in a server's way, and addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sockproof.repro.plain import TAKEN, Names

__all__ = ["addresses_kept", "ground_lines"]

# The address of a server.
_WHERE = re.compile(r"\b(server(?:_\d+)?)\.socket\.getsockname\(\)")

_SOCKET = ("taken = socket.socket(socket.AF_UNIX, socket.{kind})", "taken.bind({path})")
# By what is at the path.
_AT_A_PATH: Mapping[str, tuple[str, ...]] = {
    "file": ('open({path}, "w").close()',),
    "folder": ("os.mkdir({path})",),
    "link": ('os.symlink({path} + "-nowhere", {path})',),
    "socket": _SOCKET,
    "stale socket": (*_SOCKET, "taken.close()"),
    "below a file": ('open(os.path.dirname({path}), "w").close()',),
}


def ground_lines(order: Mapping[str, Any], addresses: Mapping[int, Any], names: Names) -> list[str]:
    """The statements; none where nothing is in the way of the server that is made by ``order``, or
    one of the script's own is. ``addresses`` are those of servers by their handles."""
    told = addresses[order["handle"]]
    if told in [one for handle, one in addresses.items() if handle < order["handle"]]:
        return []
    address = names.code(told)
    spec = order["spec"]
    is_stream = "TCP" in spec["class"] or "Stream" in spec["class"]
    kind = "SOCK_STREAM" if is_stream else "SOCK_DGRAM"
    if address == TAKEN:
        family = "AF_INET6" if len(told) > 2 or ":" in str(told[0]) else "AF_INET"
        return [
            f"taken = socket.socket(socket.{family}, socket.{kind})",
            f"taken.bind(({told[0]!r}, 0))",
        ]
    lines = _AT_A_PATH.get(order.get("found", ""), ()) if "folder" in address else ()
    return [line.format(path=address, kind=kind) for line in lines]


def addresses_kept(lines: list[str]) -> list[str]:
    """The statements, where the address of a server is asked for as soon as it has one: of a closed
    socket nobody can tell it, and one that is wrong may close it at any time."""
    for name in dict.fromkeys(_WHERE.findall("\n".join(lines))):
        asked, kept = f"{name}.socket.getsockname()", f"{name}_address"
        bound = _bound(name, lines)
        after = [line.replace(asked, kept) for line in lines[bound + 1 :]]
        if after != lines[bound + 1 :]:
            lines = [*lines[: bound + 1], f"{kept} = {asked}", *after]
    return lines


def _bound(name: str, lines: list[str]) -> int:
    """The number of the statement after which a server has an address."""
    binding = rf"{name} = (?!.*bind_and_activate=False)|.*\b{name}\.server_bind\("
    found = (n for n, line in enumerate(lines) if re.match(binding, line))
    return next(found, len(lines))
