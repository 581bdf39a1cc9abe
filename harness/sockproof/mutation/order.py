"""In which order the cases are played on a mutant: first where it is likely to show."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from sockproof.mutation.jobs import Aim
from sockproof.spec.area_names import PATIENT
from sockproof.spec.case_id import CaseId

__all__ = ["aim_at", "in_order"]

# The area whose cases play many plans each: what they find, others find sooner.
_LAST = "generated"


def in_order(cases: Sequence[CaseId], aim: Aim) -> tuple[list[CaseId], list[CaseId]]:
    """The cases that come first, and the rest.

    First are those that the aim names, then every other requirement on one server spec, those of
    the aim's areas and names before the others. The rest is as far as the aim reaches. Cases that
    wait for long are played where they are named alone.
    """
    cases = [case for case in cases if case.area != PATIENT or case.place in aim.cases]
    named = [case for name in aim.cases for case in cases if case.place == name]
    chosen = dict.fromkeys(named)
    specs = _best_specs(cases, aim)
    areas = [*aim.areas, "", _LAST]

    def place(case: CaseId) -> tuple[int, int]:
        area = areas.index(case.area if case.area in areas else "")
        return area, _rank(case.requirement, aim.requirements)

    for case in sorted(cases, key=place):
        if specs[case.requirement] == case.spec:
            chosen.setdefault(case)
    reached = [case for case in cases if any(fnmatchcase(case.spec, g) for g in aim.reach)]
    return list(chosen), [case for case in sorted(reached, key=place) if case not in chosen]


def _best_specs(cases: Sequence[CaseId], aim: Aim) -> dict[str, str]:
    """The server spec for each requirement that the aim likes best."""

    ranked = sorted(cases, key=lambda case: _rank(case.spec, aim.specs))
    return {case.requirement: case.spec for case in ranked[::-1]}


def _rank(text: str, globs: Sequence[str]) -> int:
    """The number of the first glob that fits, or how many there are."""
    return next((n for n, glob in enumerate(globs) if fnmatchcase(text, glob)), len(globs))


# Areas by the name of the method that is changed.
_METHODS = {
    "server_bind": "binding construction",
    "server_activate": "backlog construction binding",
    "handle_error": "errors",
    "server_close": "serving resources construction threading forking",
    "serve_forever": "serving",
    "shutdown": "serving",
    "service_actions": "serving forking",
    "handle_request": "serving",
    "handle_timeout": "serving forking",
    "fileno": "serving construction",
    "__e*it__": "construction serving",
    "__enter__": "construction serving",
    "__init__": "construction handlers",
    "get_request": "datagrams dispatch streams",
    "_handle_request_noblock": "dispatch errors",
    "*_request": "dispatch errors",
}

# By the name of the class that is changed: areas, the server specs to try first, and those that
# run it at all.
_CLASSES = {
    "ForkingMixIn": ("forking", "ForkingTCP/inet ForkingUDP/inet Forking*", "Forking*"),
    "ThreadingMixIn": ("threading", "ThreadingTCP/inet ThreadingUDP/inet Threading*", "Threading*"),
    "_*Threads": ("threading", "ThreadingTCP/inet Threading*", "Threading*"),
    "*UnixStreamServer": ("names unix", "", "*UnixStream/*"),
    "*UnixDatagramServer": ("names unix", "", "*UnixDatagram/*"),
    "UDPServer": ("datagrams", "UDP/inet UDP/* *UDP/*", "*UDP/* *Datagram/*"),
    "Forking*Server": ("names forking", "", "Forking*"),
    "Threading*Server": ("names threading", "", "Threading*"),
    "StreamRequestHandler": ("handlers streams", "TCP/inet", "*TCP/* *Stream/*"),
    "_SocketWriter": ("handlers streams", "TCP/inet", "*TCP/* *Stream/*"),
    "DatagramRequestHandler": ("handlers datagrams", "UDP/inet UDP/*", "*UDP/* *Datagram/*"),
    "BaseRequestHandler": ("handlers", "TCP/inet", "*"),
    "<module>": ("names", "", "*"),
}


def aim_at(qualified_name: str) -> Aim:
    """Where a change in this class and method is likely to show."""
    class_name, _, method = qualified_name.partition(".")
    of_class = (row for glob, row in _CLASSES.items() if fnmatchcase(class_name, glob))
    of_method = (row for glob, row in _METHODS.items() if fnmatchcase(method, glob))
    row = next(of_class, None)
    areas, liked, reach = map(str.split, row or ("", "", "*"))
    areas += next(of_method, "").split() + ([] if method else ["names"])
    if row and class_name.endswith("Server"):  # ForkingTCP/* of ForkingTCPServer
        liked.insert(0, class_name.removesuffix("Server") + "/*")
    specs = (*liked, "TCP/inet", "UDP/inet")
    return Aim((), tuple(dict.fromkeys(areas)), specs, tuple(reach))
