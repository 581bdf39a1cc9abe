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
# A resolver asks again after five seconds; whoever asks twice sooner does so of himself, and may
# not wait for it. Who does not wait listens a little later at last.
_RESOLVER_S, _STARTS_S = 3.0, 2.0
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
    began_s, asked = time.monotonic(), dict[str, float]()
    again_s = listens_s = 0.0
    while not listens_s and program.poll() is None:
        now_s = time.monotonic()
        if now_s - began_s > order["patience_s"] or (again_s and now_s - again_s > _STARTS_S):
            break
        if select.select([silent], [], [], _LOOK_S)[0]:
            name = _name(silent.recv(512))
            first_s = asked.setdefault(name, now_s)
            again_s = again_s or (now_s if now_s - first_s > _RESOLVER_S else 0.0)
        listens_s = now_s - began_s if _listens(order["host"], order["port"]) else 0.0
    return {
        "listens": bool(listens_s),
        "listens_after_s": round(listens_s, 3) if listens_s else None,
        "questions": sorted(asked),
        "asks_again": bool(again_s),
        "status": program.poll(),
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
