"""Kinds of exceptions by name, and handlers and servers that raise whatever kind a client names.

A client sends the name of a kind in a line, and what is to fail for it raises it. Whatever else a
client sends is answered.
"""

from __future__ import annotations

from collections.abc import Mapping

from fixtures import CaseProcess

__all__ = ["EXITS", "KINDS", "OF_A_HANDLER", "OF_A_SERVER"]
__all__ += ["answering", "failing_at_once", "failing_handler", "failing_server", "there"]

# The statements that raise them, by what is told of them: class and errno.
KINDS = {
    "ValueError": "raise ValueError('as told')",
    "OSError": "raise OSError('as told')",
    "OSError ENOSPC": "raise OSError(errno.ENOSPC, 'as told')",
    "BrokenPipeError EPIPE": "raise OSError(errno.EPIPE, 'as told')",
    "ConnectionResetError ECONNRESET": "raise OSError(errno.ECONNRESET, 'as told')",
    "ConnectionAbortedError ECONNABORTED": "raise OSError(errno.ECONNABORTED, 'as told')",
    "ConnectionError": "raise ConnectionError('as told')",
    "BlockingIOError EAGAIN": "raise OSError(errno.EAGAIN, 'as told')",
    "InterruptedError EINTR": "raise OSError(errno.EINTR, 'as told')",
    "TimeoutError": "raise TimeoutError('as told')",
    "TimeoutError ETIMEDOUT": "raise OSError(errno.ETIMEDOUT, 'as told')",
    "gaierror": "raise socket.gaierror(socket.EAI_AGAIN, 'as told')",
    "SSLError": "import ssl\nraise ssl.SSLError(1, 'as told')",
    "SSLEOFError": "import ssl\nraise ssl.SSLEOFError(8, 'as told')",
    "StopIteration": "raise StopIteration('as told')",
    "EOFError": "raise EOFError('as told')",
    "MemoryError": "raise MemoryError('as told')",
    "RecursionError": "raise RecursionError('as told')",
    "AssertionError": "raise AssertionError('as told')",
    "NotImplementedError": "raise NotImplementedError('as told')",
    "UserWarning": "raise UserWarning('as told')",
    "Own": "class Own(Exception): pass\nraise Own('as told')",
    "Unprintable": (
        "class Unprintable(Exception):\n    def __str__(self): return 1 // 0\nraise Unprintable()"
    ),
    "Falsy": "class Falsy(Exception):\n    def __len__(self): return 0\nraise Falsy('as told')",
    "ExceptionGroup": "raise ExceptionGroup('as told', [ValueError('first'), OSError('second')])",
}
EXITS = {
    "SystemExit": "raise SystemExit('as told')",
    "KeyboardInterrupt": "raise KeyboardInterrupt('as told')",
    "GeneratorExit": "raise GeneratorExit('as told')",
    "OwnExit": "class OwnExit(BaseException): pass\nraise OwnExit('as told')",
}
OF_A_HANDLER = ("__init__", "setup", "handle", "finish")
OF_A_SERVER = ("finish_request", "process_request")

_TOLD = """
import errno
import socket

KINDS = {kinds!r}
FAILING = {method!r}

def raise_as_told(request):
    line = request[0] if isinstance(request, tuple) else request.recv(64)
    exec(KINDS.get(line.decode().strip(), "pass"))
"""
_HANDLER = """
class Handler(base):
    def __init__(self, request, client_address, server):
        self.at("__init__", request)
        base.__init__(self, request, client_address, server)

    def setup(self):
        self.at("setup", self.request)

    def handle(self):
        self.at("handle", self.request)
        if isinstance(self.request, tuple):
            self.request[1].sendto(b"fine", self.client_address)
        else:
            self.request.sendall(b"fine")

    def finish(self):
        self.at("finish", self.request)

    def at(self, name, request):
        if name == FAILING:
            raise_as_told(request)
"""
_SERVER = """
class Server(find({name!r})):
    def {method}(self, request, client_address):
        raise_as_told(request)
        return find({name!r}).{method}(self, request, client_address)
"""
_AT_ONCE = """
import errno
import socket

kept = []  # so that nothing is closed because it is collected

class Server(find({name!r})):
    def {method}(self, *arguments):
        kept.append(self)
        exec({statement!r})
"""


def there(process: CaseProcess, kinds: Mapping[str, str]) -> dict[str, str]:
    """Those of the kinds that the interpreter has."""
    has_groups = process.do("evaluate", expression="sys.version_info >= (3, 11)").value
    return {kind: kinds[kind] for kind in kinds if has_groups or kind != "ExceptionGroup"}


def answering() -> str:
    """Source text of a handler that answers every request."""
    return failing_handler("")


def failing_handler(method: str) -> str:
    """Source text of a handler of which ``method`` raises what the client names."""
    return _told(method) + _HANDLER


def failing_server(method: str, name: str) -> str:
    """Source text of a server of this class, of which ``method`` raises so for a request."""
    return _told(method) + _SERVER.format(name=name, method=method)


def failing_at_once(method: str, name: str, statement: str) -> str:
    """Source text of a server of this class, of which ``method`` raises whenever it is called."""
    return _AT_ONCE.format(name=name, method=method, statement=statement)


def _told(method: str) -> str:
    return _TOLD.format(kinds={**KINDS, **EXITS}, method=method)
