"""The exchanges of a script as code, and the few lines that make and serve a user's class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sockproof.check.listener import Address, Listener
from sockproof.check.scripts.literals import octets_code
from sockproof.check.served_class import ServedClass
from sockproof.check.service.attempts import positions
from sockproof.check.service.ending_moments import MOMENTS
from sockproof.check.service.exchanges import Exchange, Exchanges

__all__ = ["exchange_code", "list_code", "served_words_code", "talk_constants", "talk_values"]

_BACKSLASH = "\\"
_SERVES = """
try:
    server.serve_forever()
except KeyboardInterrupt:
    pass
finally:
    (getattr(server, "server_close", None) or server.close)()
"""


def talk_values(exchanges: Exchanges, variant: str) -> Mapping[str, Any]:
    """What templates ask of the exchange that a variant names."""
    name, _, way = variant.partition(" ")
    named = [one for one in exchanges.all if one.name == name]
    keeps = any(one.keeps for one in _meant(exchanges, variant)[:1])
    again = bool(named) and bool(_next(exchanges, named[0])) and _goes_on(exchanges, named[0])
    repeats = bool(named) and bool(named[0].request) and named[0] in exchanges.following(named[0])
    half_closes = bool(named) and named[0].half_closes
    hostile = {"repeats": repeats, "half_closes": half_closes}
    return {"way": way, "again": again, "moment": name, "keeps": keeps, **hostile}


def words_of_moment(variant: str) -> str:
    """While what the server is told to end, if it is."""
    moment = MOMENTS.get(variant.partition(" ")[0])
    return moment.words if moment else ""


def _meant(exchanges: Exchanges, variant: str) -> list[Exchange]:
    """Those that a variant names, or that are of its moment; else those that may be the first."""
    name = variant.partition(" ")[0]
    named = [one for one in exchanges.all if one.name == name]
    of_moment = MOMENTS[name].of(exchanges) if name in MOMENTS else []
    return named or list(of_moment) or list(exchanges.firsts)


def _next(exchanges: Exchanges, exchange: Exchange) -> list[Exchange]:
    return [one for one in exchanges.following(exchange) if one.request]


def _goes_on(exchanges: Exchanges, exchange: Exchange) -> bool:
    first = _next(exchanges, exchange)[0]
    return first in exchanges.following(first)


def talk_constants(exchanges: Exchanges, variant: str) -> Mapping[str, str]:
    """``BEFORE``, ``EXCHANGE``, ``NEXT`` and ``CUTS``, each if there is one; the first exchange of
    all where the variant names none."""
    if not exchanges:
        return {}
    exchange = _meant(exchanges, variant)[0]
    cuts = positions(len(exchange.request))
    every = list(range(1, len(exchange.request)))
    size = exchange.answer.octets or b"xx"
    code = exchange_code(exchange)
    return {
        "BEFORE": list_code("BEFORE", list(map(exchange_code, exchanges.before(exchange)))),
        "EXCHANGE": f"EXCHANGE = {code}  # said, answer, to the end, half-closed",
        "NEXT": list_code("NEXT", list(map(exchange_code, _next(exchanges, exchange)))),
        "CUTS": f"CUTS = {f'range(1, {len(every) + 1})' if cuts == every else cuts}",
        "HEARD": f"HEARD = {positions(len(size))}",
    }


def list_code(name: str, codes: Sequence[str]) -> str:
    """A list of that name, a line for each of its items."""
    lines = [f"    {one}," for one in codes]
    return "\n".join([f"{name} = [", *lines, "]"]) if lines else f"{name} = []"


def exchange_code(exchange: Exchange) -> str:
    """What is said, the answer, whether that goes to the end, whether the client half-closes."""
    answer = exchange.answer
    wanted = "None" if answer.octets is None else octets_code(answer.octets)
    if answer.pattern:
        wanted = f"re.compile({answer.pattern.pattern!r}, re.S)"
    said = octets_code(exchange.request)
    return f"({said}, {wanted}, {answer.to_end}, {exchange.half_closes})"


def served_words_code(subject: Listener) -> str:
    """``WORDS``, which start a program that makes a server of the class, and what it runs."""
    served = subject.served
    assert served is not None
    text = "\n".join(_starter_lines(served, subject.address)) + _SERVES
    starter = f"STARTER = {'r' * (_BACKSLASH in text)}'''{text}'''"
    starter = f"STARTER = {text!r}" if "'''" in text else starter
    place = 'f"{AT[0]}:{AT[1]}"' if not subject.address.spec.is_unix else "AT"
    python = ", ".join(map(repr, served.python_words))
    return f'{starter}\nWORDS = [{python}, "-c", STARTER, {place}]'


def _starter_lines(served: ServedClass, address: Address) -> Iterator[str]:
    server, handler = served.modules
    if served.source:
        yield served.source
    yield "import importlib"
    yield "import sys"
    if not served.is_alone:
        yield f"sys.path[:0] = {['', *served.folders]!r}"
    if address.spec.is_unix:
        yield "path = sys.argv[1]"
    else:
        yield 'host, _, port = sys.argv[1].rpartition(":")'
    if handler:
        yield f"handler = {_found_code(handler)}"
    places = _places_code(address)
    arguments = [_value_code(one, places) for one in served.called_with]
    for name, value in served.keywords.items():
        arguments.append(f"{name}={_value_code(value, places)}")
    yield f"make = {server.rpartition(':')[2] if served.source else _found_code(server)}"
    yield f"server = make({', '.join(arguments)})"


def _found_code(spec: str) -> str:
    module, _, name = spec.partition(":")
    return f"importlib.import_module({module!r}).{name}"


def _value_code(value: Any, places: Mapping[str, str]) -> str:
    """A value of the order as code, with what its places stand for."""
    if isinstance(value, list):
        return f"[{', '.join(_value_code(one, places) for one in value)}]"
    if isinstance(value, dict):
        pairs = (f"{name!r}: {_value_code(one, places)}" for name, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    if not isinstance(value, str) or value in places:
        return places[value] if isinstance(value, str) else repr(value)
    used = (one for one in places if one in value)
    return repr(value) + "".join(f".replace({one!r}, str({places[one]}))" for one in used)


def _places_code(address: Address) -> Mapping[str, str]:
    if address.spec.is_unix:
        return {"{address}": "path", "{path}": "path", "{handler}": "handler"}
    at = {"{address}": "(host, int(port))", "{host}": "host", "{port}": "int(port)"}
    return {**at, "{handler}": "handler"}
