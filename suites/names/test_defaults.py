"""Class attributes that have a documented default, or one that the source explains."""

from __future__ import annotations

from collections.abc import Mapping

from fixtures import CaseProcess, NotApplicable, Observe, requirement, same
from suites.names.looking import lines_of, value_of

STREAM_HANDLER: Mapping[str, object] = {
    "rbufsize": -1,
    "wbufsize": 0,
    "disable_nagle_algorithm": False,
}


@requirement("names/timeout-default")
def test_timeout_is_none_by_default(process: CaseProcess, observe: Observe) -> None:
    """handle_request() of a server that neither forks nor says otherwise waits without a limit."""
    for name, line in sorted(lines_of(process).items()):
        if "BaseServer" in line:
            found = value_of(process, f"classes[{name!r}].timeout")
            observe(name, found)
            if "ForkingMixIn" not in line:
                same(None, found, f"timeout of {name}")


@requirement("names/request-queue-size-default")
def test_queue_size_is_five(process: CaseProcess) -> None:
    """Five clients may wait for each kind of stream server, with a mix-in or without."""
    for name, line in sorted(lines_of(process).items()):
        if "TCPServer" in line and "UDPServer" not in line:
            found = value_of(process, f"classes[{name!r}].request_queue_size")
            same(5, found, f"request_queue_size of {name}")


@requirement("names/max-children-default")
def test_max_children_is_forty(process: CaseProcess) -> None:
    """A forking server handles forty requests at once unless told otherwise."""
    _refuse_module_without_forking(process)

    same(40, value_of(process, "classes['ForkingMixIn'].max_children"), "max_children")


@requirement("names/block-on-close-default")
def test_closing_waits_by_default(process: CaseProcess) -> None:
    """Both mix-ins wait for what still runs unless told otherwise."""
    lines = lines_of(process)

    for name in ("ThreadingMixIn", "ForkingMixIn"):
        if name in lines:
            found = value_of(process, f"bool(classes[{name!r}].block_on_close)")
            same(True, found, f"block_on_close of {name}")


@requirement("names/stream-handler-defaults")
def test_stream_handler_has_its_defaults(process: CaseProcess) -> None:
    """Reading is buffered, writing is not, and the socket's options stay as they are."""
    lines_of(process)

    for attribute, wanted in STREAM_HANDLER.items():
        found = value_of(process, f"classes['StreamRequestHandler'].{attribute}")
        same(wanted, found, attribute)


def _refuse_module_without_forking(process: CaseProcess) -> None:
    if "ForkingMixIn" not in lines_of(process):
        raise NotApplicable("the module has no ForkingMixIn", "ForkingMixIn")
