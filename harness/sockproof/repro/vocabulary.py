"""The operations that a journal notes: of the server's side, and of peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sockproof.case.client import Ending, StreamPeer
from sockproof.case.datagram import DatagramPeer
from sockproof.generate.playing import StreamPlaying
from sockproof.iut.calls import RunningCall
from sockproof.iut.outcomes import Leftovers, Outcome
from sockproof.iut.process import CaseProcess
from sockproof.iut.server import Server
from sockproof.repro.journal import Noted

__all__ = ["VOCABULARY"]


def _same(_owner: Any, result: Any) -> Any:
    return result


def _nothing(_owner: Any, _result: Any) -> None:
    return None


def _own_address(owner: Any, _result: Any) -> dict[str, Any]:
    return {"address": owner.address}


def _errno(_owner: Any, result: Any) -> Any:
    return result or ""


def _reply(_owner: Any, result: Any) -> dict[str, Any]:
    """What a stream gave: the octets, and how it ended if it did."""
    data, ending = result
    return {"data": data, "ending": str(ending or "")}


def _some(_owner: Any, result: Any) -> Any:
    return result if isinstance(result, bytes) else str(result)


def _answer(_owner: Any, outcome: Outcome) -> dict[str, Any]:
    """How a command ended: its value, or the exception's class, errno and text."""
    if outcome.error is None:
        return {"value": outcome.value}
    error = outcome.error
    told = {"type": error.type_name, "bases": error.bases, "errno": error.errno_name}
    return {"error": {**told, "text": error.text}}


def _leftovers(_owner: Any, left: Leftovers) -> dict[str, Any]:
    kinds = sorted({line.split()[0] for line in left.leaks})
    return {"leaks": kinds, "zombies": left.zombies}


def _do(_owner: Any, op: str, **arguments: Any) -> dict[str, Any]:
    return {"op": op, **{key: value for key, value in arguments.items() if key != "bound_s"}}


def _events(_owner: Any, count: int, event: str, /, **wanted: Any) -> dict[str, Any]:
    wanted.pop("bound_s", None)
    return {"count": count, "event": event, "wanted": wanted}


def _bound(_owner: Any, _bound_s: float) -> dict[str, Any]:
    return {}


def _accounted(
    _owner: Any, _data: bytes, _ending: Any, size_octets: int | None = None
) -> dict[str, Any]:
    return {"size": size_octets} if size_octets else {}


def _unnoted(*_arguments: Any) -> dict[str, Any]:
    return {}


def _matching(_owner: Any, event: str, /, **wanted: Any) -> dict[str, Any]:
    return {"event": event, "wanted": wanted}


def _in_words(_owner: Any, *arguments: Any) -> dict[str, Any]:
    return {"what": next((one for one in arguments if isinstance(one, str)), "")}


def _gate(_owner: Any, name: str, count: int = 1000) -> dict[str, Any]:
    return {"gate": name, "count": count}


def _waits(call: Any, inside: str = "") -> dict[str, Any]:
    return {"label": call.label, "inside": inside or call.method}


def _race(call: Any, event: str, count: int = 1, /, **wanted: Any) -> dict[str, Any]:
    return {"label": call.label, "count": count, "event": event, "wanted": wanted}


def _to_server(owner: Any, server: Any, **options: Any) -> dict[str, Any]:
    """Where a peer connects to; ``bound`` tells of a datagram peer with an address of its own."""
    told = {"server": getattr(server, "handle", None), "address": server.address}
    told["bound"] = getattr(owner, "_own_address", None) is not None
    return {**told, "family": server.spec.family, "stream": server.spec.is_stream, **options}


def _named(*names: str) -> Callable[..., dict[str, Any]]:
    """The arguments of a call under these names."""

    def arguments(_owner: Any, *given: Any, **keywords: Any) -> dict[str, Any]:
        return {**dict(zip(names, given, strict=False)), **keywords}

    return arguments


def _wanted_stream(_owner: Any, wanted: Any) -> dict[str, Any]:
    """What shall come: octets, or how the stream shall end."""
    if isinstance(wanted, Ending):
        return {"wanted": {"data": b"", "ending": str(wanted)}}
    data = bytes(wanted)
    return {"size": len(data), "wanted": {"data": data, "ending": ""}, "payload": wanted}


def _wanted_datagram(owner: Any, payload: Any) -> dict[str, Any]:
    return {"wanted": (bytes(payload), owner._server_address), "payload": payload}


VOCABULARY: Mapping[type, Mapping[str, Noted]] = {
    CaseProcess: {
        "do": Noted("do", _do, _answer),
        "wait_events": Noted("wait", _events, lambda _owner, found: list(found)),
        "matching": Noted("matching", _matching, lambda _owner, found: list(found)),
        "wait_first": Noted("something", _in_words, _nothing),
        "wait_until": Noted("something", _in_words, _nothing),
        "open_gate": Noted("open gate", _gate, _nothing),
        "send_signal": Noted("signal", _named("signal"), _nothing),
        "stop": Noted("stop", _named(), _leftovers),
        "renew": Noted("stop", _bound, _leftovers),
    },
    Server: {
        "expect_true": Noted("until true", _named("expression"), _nothing),
        "let_others_run": Noted("let others run", _named(), _nothing),
    },
    RunningCall: {
        "comes_to_wait": Noted("comes to wait", _waits, _same),
        "ends_before": Noted("ends before", _race, _same),
    },
    StreamPeer: {
        "connect": Noted("connect", _to_server, _own_address),
        "connect_at_once": Noted("connect at once", _to_server, _errno),
        "send": Noted("send", _named("data", "cuts"), _nothing),
        "offer": Noted("offer", _named("data"), _nothing),
        "attempt_send": Noted("offer", _named("data"), _errno),
        "send_urgent": Noted("send urgent", _named("data"), _nothing),
        "wait_until_over": Noted("wait until over", _named(), _same),
        "receive_some": Noted("receive some", _named("limit"), _some),
        "expect": Noted("receive", _wanted_stream, _nothing),
        "receive": Noted("receive", _named("size"), _reply),
        "account": Noted("receive", _accounted, _reply),
        "receive_to_end": Noted("receive", _named(), _reply),
        "half_close": Noted("half-close", _named(), _nothing),
        "close": Noted("close", _named(), _nothing),
        "reset": Noted("reset", _named(), _nothing),
    },
    DatagramPeer: {
        "connect": Noted("open", _to_server, _own_address),
        "connect_at_once": Noted("knock", _to_server, _errno),
        "send": Noted("send to", _named("data"), _nothing),
        "send_at_once": Noted("send to", _named("data"), _errno),
        "expect": Noted("receive datagram", _wanted_datagram, _nothing),
        "receive": Noted("receive datagram", _named(), _same),
        "arrived": Noted("arrived", _named(), _same),
        "close": Noted("close", _named(), _nothing),
    },
    StreamPlaying: {"read_ready": Noted("", _unnoted, _nothing)},  # see StreamPeer.account()
}
"""By class and method: what is noted of it."""
