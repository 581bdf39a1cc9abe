"""A program that echoes at 127.0.0.1, and has one fault: ``one_fault_listener.py PORT FAULT``.

With port 0 and a third word, ``tells``, it says which it has. With FAULT ``none`` it has none. Each
fault is one that servers of users have.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import NoReturn

PORT, FAULT = int(sys.argv[1]), sys.argv[2]
KEPT: list[object] = []
PAUSE = threading.Event()
_STATUS_OF_A_CRASH = 3


def crash() -> NoReturn:
    """End with all threads, as a server does that has one."""
    os._exit(_STATUS_OF_A_CRASH)


def echo(client: socket.socket) -> None:
    """Send back what comes, until nothing comes any more."""
    said = 0
    while True:
        try:
            data = client.recv(1 << 16)
        except OSError:
            data = b""
        if FAULT == "keeps what it was told":
            KEPT.append(data)
        if not data:
            break
        said += len(data)
        if (FAULT == "ends of NUL" and b"\0" in data) or (
            FAULT == "ends of what is long" and said > 1 << 17
        ):
            crash()
        with contextlib.suppress(OSError):
            client.sendall(data)
    _when_it_has_left(client)


def _when_it_has_left(client: socket.socket) -> None:
    if FAULT == "waits for ever":
        KEPT.append(client)
        threading.Event().wait()
    while FAULT == "asks again":
        with contextlib.suppress(OSError):
            client.recv(1)
    if FAULT == "ends with its client" and len(KEPT) > 1:
        crash()
    KEPT.append(client if FAULT == "forgets the crowd" else "")
    client.close()


def greet_and_close(client: socket.socket) -> None:
    """An answer, and the server is first to close."""
    with contextlib.suppress(OSError):
        client.recv(1 << 16)
        client.sendall(b"bye\n")
    client.close()


def _wait_for_room(client: socket.socket) -> None:
    while threading.active_count() > 20:
        PAUSE.wait(0.01)
    threading.Thread(target=echo, args=(client,), daemon=True).start()


# What becomes of who comes while there are many.
_MEANWHILE = {"forgets the crowd": KEPT.append, "has room for some": _wait_for_room}


def serve(server: socket.socket) -> None:
    """One thread for each client; for all together, where that is the fault."""
    while True:
        client, _ = server.accept()
        if FAULT == "one after the other":
            echo(client)
        elif FAULT == "does not reuse its address":
            greet_and_close(client)
        elif FAULT in _MEANWHILE and threading.active_count() > 20:
            _MEANWHILE[FAULT](client)
        else:
            is_daemon = FAULT != "waits for its clients"
            threading.Thread(target=echo, args=(client,), daemon=is_daemon).start()


def listening() -> socket.socket:
    """A socket that listens, with what is wrong before there is one."""
    if FAULT == "asks for a name":
        with contextlib.suppress(OSError):
            socket.gethostbyname("name.sockproof.test")
    server = socket.socket()
    if FAULT != "does not reuse its address":
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind(("127.0.0.1", PORT))
    except OSError:
        if FAULT != "says nothing of its address":
            raise
        sys.exit(0)
    server.listen(512)
    if sys.argv[3:] == ["tells"]:
        os.write(1, b"%d\n" % server.getsockname()[1])
    return server


def main() -> None:
    """Listen, and serve until the interrupt."""
    server = listening()
    if FAULT in ("hears no interrupt", "hears none at all"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if FAULT == "spins":
        threading.Thread(target=lambda: [0 for _ in iter(int, 1)], daemon=True).start()
    if FAULT == "hands it on":
        subprocess.Popen(["sleep", "60"], close_fds=False, pass_fds=[server.fileno()])
    try:
        serve(server)
    except KeyboardInterrupt:
        if FAULT == "leaves a child" and not os.fork():
            threading.Event().wait(60)


if __name__ == "__main__":
    main()
