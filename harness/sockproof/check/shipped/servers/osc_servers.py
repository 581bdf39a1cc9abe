"""python-osc's servers, which answer what is sent to /echo (runs in the server's own
interpreter)."""

from typing import Any

from pythonosc import osc_server
from pythonosc.dispatcher import Dispatcher


def echo(_address: str, *said: Any) -> Any:
    return ("/echo", *said)


def dispatcher() -> Dispatcher:
    known = Dispatcher()
    known.map("/echo", echo)
    return known


def blocking(host: str, port: int) -> Any:
    return osc_server.BlockingOSCUDPServer((host, port), dispatcher())


def threading(host: str, port: int) -> Any:
    return osc_server.ThreadingOSCUDPServer((host, port), dispatcher())


def forking(host: str, port: int) -> Any:
    return osc_server.ForkingOSCUDPServer((host, port), dispatcher())
