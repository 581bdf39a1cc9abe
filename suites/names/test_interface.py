"""What every server and every request handler has: methods, their parameters, attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fixtures import CaseProcess, NotApplicable, check, requirement, same
from suites.names.looking import ATTRIBUTES, HANDLERS, METHODS, lines_of, value_of

SIGNATURES = {
    "serve_forever": ["poll_interval"],
    "finish_request": ["request", "client_address"],
    "handle_error": ["request", "client_address"],
    "process_request": ["request", "client_address"],
    "verify_request": ["request", "client_address"],
}
CLOSING_SIGNATURES = {"shutdown_request": ["request"], "close_request": ["request"]}
OF_A_BASE = ["server_address", "RequestHandlerClass"]
OF_A_SERVER = [*OF_A_BASE, "bind_and_activate"]

_PHASES = ["setup", "handle", "finish"]

_PARAMETERS = """
ask = getattr(inspect, "getfullargspec", None) or inspect.getargspec

def parameters(name, method):
    told = ask(getattr(classes[name], method))
    return [told.args[1:], list(told.defaults or ())]
"""


@requirement("names/server-methods")
def test_every_server_has_every_method(process: CaseProcess) -> None:
    """No server class lacks a method that the documents tell of."""
    _have_methods(process, _servers(process), METHODS)


@requirement("names/service-actions")
def test_every_server_has_service_actions(process: CaseProcess) -> None:
    """Every server class, the base among them, has what the loop calls besides requests."""
    _have_methods(process, _base_and_servers(process), ["service_actions"])


@requirement("names/context-manager-methods")
def test_every_server_is_a_context_manager(process: CaseProcess) -> None:
    """Every server class, the base among them, can stand in a with statement."""
    _have_methods(process, _base_and_servers(process), ["__enter__", "__exit__"])


@requirement("names/server-attributes")
def test_every_server_has_every_attribute(process: CaseProcess) -> None:
    """No server class lacks a class variable, whatever protocol it is for."""
    for name in _servers(process):
        found = value_of(process, f"[a for a in {ATTRIBUTES!r} if hasattr(classes[{name!r}], a)]")
        same(list(ATTRIBUTES), found, f"class variables of {name}")


@requirement("names/method-signatures")
def test_methods_take_their_parameters(process: CaseProcess) -> None:
    """Each method's first parameters are the documented ones."""
    _take_parameters(process, SIGNATURES)


@requirement("names/closing-signatures")
def test_closing_methods_take_the_request(process: CaseProcess) -> None:
    """The first parameter of both methods that end a request is called request."""
    _take_parameters(process, CLOSING_SIGNATURES)


@requirement("names/constructor-signatures")
def test_constructors_take_their_parameters(process: CaseProcess) -> None:
    """BaseServer takes an address and a handler class, and the others also whether to bind."""
    servers = _base_and_servers(process)
    if "BaseServer" in servers:
        found = _parameters(process, "BaseServer", "__init__")[0]
        same(OF_A_BASE, found, "parameters of BaseServer()")

    for name in servers[servers[0] == "BaseServer" :]:
        found, defaults = _parameters(process, name, "__init__")
        same(OF_A_SERVER, found[: len(OF_A_SERVER)], f"parameters of {name}()")
        default = defaults[OF_A_SERVER.index("bind_and_activate") - len(found)]
        same(True, default, f"bind_and_activate of {name}() by default")


@requirement("names/poll-interval-default")
def test_poll_interval_is_half_a_second(process: CaseProcess) -> None:
    """The default of serve_forever()'s first parameter is 0.5, in seconds."""
    for name in _base_and_servers(process):
        found, defaults = _parameters(process, name, "serve_forever")
        by_name = dict(zip(reversed(found), reversed(defaults), strict=False))
        same(0.5, by_name.get("poll_interval"), f"poll_interval of {name} by default")


@requirement("names/handler-methods")
def test_every_handler_has_its_methods(process: CaseProcess) -> None:
    """Each handler class has the three methods, and a BaseRequestHandler does nothing in them."""
    lines = lines_of(process)

    _have_methods(process, [name for name in HANDLERS if name in lines], _PHASES)
    made = "classes['BaseRequestHandler'](None, None, None)"
    given = value_of(process, f"[getattr({made}, m)() for m in {_PHASES!r}]")
    same([None, None, None], given, "what setup(), handle() and finish() of the base class give")


def _base_and_servers(process: CaseProcess) -> list[str]:
    """The base class, if the module has it, and the concrete server classes."""
    found = [name for name in lines_of(process) if name == "BaseServer"] + _servers(process)
    if not found:
        raise NotApplicable("the module has neither BaseServer nor a class of TCPServer's line")
    return found


def _servers(process: CaseProcess) -> list[str]:
    """The concrete server classes that the module has; it knows them as ``classes`` then."""
    return sorted(name for name, line in lines_of(process).items() if "TCPServer" in line)


def _have_methods(process: CaseProcess, names: Iterable[str], methods: Iterable[str]) -> None:
    wanted = list(methods)
    for name in names:
        have = f"[m for m in {wanted!r} if callable(getattr(classes[{name!r}], m, None))]"
        missing = sorted(set(wanted) - set(value_of(process, have)))
        check(not missing, expected=f"{name} has {', '.join(wanted)}", actual=f"no {missing}")


def _take_parameters(process: CaseProcess, signatures: Mapping[str, list[str]]) -> None:
    for name in _base_and_servers(process):
        for method, wanted in signatures.items():
            found = _parameters(process, name, method)[0]
            same(wanted, found[: len(wanted)], f"parameters of {name}.{method}()")


def _parameters(process: CaseProcess, name: str, method: str) -> tuple[list[str], list[Any]]:
    """The parameters of a method but the first, and the defaults of the last of them."""
    process.do("execute", source=_PARAMETERS)
    found, defaults = value_of(process, f"parameters({name!r}, {method!r})")
    return found, defaults
