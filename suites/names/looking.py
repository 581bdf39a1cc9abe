"""Looks up the module's classes by their documented names, for the cases on names.

A class that the implementation calls otherwise is looked for by that name.
"""

from __future__ import annotations

from typing import Any

from fixtures import CaseProcess, Mismatch, NotApplicable

SERVERS = ("TCPServer", "UDPServer", "ThreadingTCPServer", "ThreadingUDPServer")
UNIX_SERVERS = (
    "UnixStreamServer",
    "UnixDatagramServer",
    "ThreadingUnixStreamServer",
    "ThreadingUnixDatagramServer",
)
FORKING_SERVERS = ("ForkingTCPServer", "ForkingUDPServer")
FORKING_UNIX_SERVERS = ("ForkingUnixStreamServer", "ForkingUnixDatagramServer")
HANDLERS = ("BaseRequestHandler", "StreamRequestHandler", "DatagramRequestHandler")
MIXINS = ("ThreadingMixIn", "ForkingMixIn")
EXPORTED = (
    *SERVERS,
    *UNIX_SERVERS,
    *FORKING_SERVERS,
    *FORKING_UNIX_SERVERS,
    *HANDLERS,
    *MIXINS,
)
DOCUMENTED = ("BaseServer", *EXPORTED)

METHODS = (
    "fileno",
    "handle_request",
    "serve_forever",
    "shutdown",
    "server_close",
    "finish_request",
    "get_request",
    "handle_error",
    "handle_timeout",
    "process_request",
    "server_activate",
    "server_bind",
    "verify_request",
)
ATTRIBUTES = (
    "address_family",
    "allow_reuse_address",
    "request_queue_size",
    "socket_type",
    "timeout",
)

_FIND = f"""
import inspect

known = dict((name, getattr(socketserver, own_name(name), None)) for name in {DOCUMENTED!r})
classes = dict(item for item in known.items() if inspect.isclass(item[1]))

def name_of(found):
    return [name for name in classes if classes[name] is found]

lines = dict((n, sum(map(name_of, inspect.getmro(classes[n])), [])) for n in classes)
"""


def lines_of(process: CaseProcess) -> dict[str, list[str]]:
    """The documented classes that the module has, each with its documented ancestors in order.

    Afterwards the process knows the classes by their documented names as ``classes``.
    """
    process.do("execute", source=_FIND)
    lines: dict[str, list[str]] = value_of(process, "lines")
    return lines


def has(process: CaseProcess, module: str, name: str) -> bool:
    return bool(value_of(process, f"hasattr({module}, {name!r})"))


def value_of(process: CaseProcess, expression: str) -> Any:
    """What it comes to.

    Raises:
        NotApplicable: it asks ``classes`` for one that the module has not. Mismatch: it raised
            something else.
    """
    outcome = process.do("evaluate", expression=expression)
    if outcome.error is not None and outcome.error.is_a("KeyError"):
        name = outcome.error.text.strip(chr(39))
        raise NotApplicable(f"the module has no {name}", name)
    if outcome.error is not None:
        raise Mismatch(f"{expression} can be asked for", f"it raised {outcome.error}")
    return outcome.value


def exported_names(process: CaseProcess) -> list[str]:
    """What ``__all__`` holds.

    Raises:
        NotApplicable: there is none; names/exported-list says so.
    """
    if not has(process, "socketserver", "__all__"):
        raise NotApplicable("the module has no __all__")
    exported: list[str] = value_of(process, "list(socketserver.__all__)")
    return exported
