"""Starts a program where the name server takes questions and never answers. Runs by itself, inside
namespaces of its own: its network has loopback alone, and its processes end with it."""

from __future__ import annotations

import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_SIOCSIFFLAGS, _UP_AND_RUNNING = 0x8914, 0x41
_NAME_SERVER = "127.0.0.53"
_LOOK_S = 0.02
_KINDS = {1: "A", 12: "PTR", 28: "AAAA"}


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Start it, and watch who is first: its socket that listens, or a question asked again."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        request = struct.pack("16sh", b"lo", _UP_AND_RUNNING)
        fcntl.ioctl(silent, _SIOCSIFFLAGS, request)
        silent.bind((_NAME_SERVER, 53))
        _use_name_server(Path(order["folder"]))
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            program = subprocess.Popen(
                order["words"], stdin=subprocess.DEVNULL, stdout=nowhere, stderr=nowhere
            )
        try:
            return _watched(program, silent, order)
        finally:
            program.kill()
            program.wait()


def _use_name_server(folder: Path) -> None:
    own = folder / "resolv.conf"
    own.write_text(f"nameserver {_NAME_SERVER}\n", "ascii")
    subprocess.run(["mount", "--bind", str(own), "/etc/resolv.conf"], check=True)


def _watched(
    program: subprocess.Popen[bytes], silent: socket.socket, order: dict[str, Any]
) -> dict[str, Any]:
    began_s, asked, again = time.monotonic(), [], False
    listens = False
    while not (listens or again or program.poll() is not None):
        if time.monotonic() - began_s > order["patience_s"]:
            break
        if select.select([silent], [], [], _LOOK_S)[0]:
            name = _name(silent.recv(512))
            again = name in asked
            asked.append(name)
        listens = _listens(order["host"], order["port"])
    return {
        "listens": listens,
        "listens_after_s": round(time.monotonic() - began_s, 3) if listens else None,
        "questions": sorted(set(asked)),
    }


def _listens(host: str, port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1.0)
        return one.connect_ex((host, port)) == 0


def _name(question: bytes) -> str:
    """The name that is asked for, and the type of what: AAAA and A are two questions."""
    labels, at = [], 12
    while at < len(question) and question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode("ascii", "replace"))
        at += 1 + question[at]
    kind = int.from_bytes(question[at + 1 : at + 3], "big")
    return f"{'.'.join(labels)} ({_KINDS.get(kind, kind)})"


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))  # noqa: T201
