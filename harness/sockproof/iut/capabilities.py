"""What an implementation can do here: probed, never assumed; and whether it can be believed.

Before any case the harness asks for something that cannot exist and demands the right refusal
(honesty), and plays one exchange known to work (smoke). An implementation that fails these is
reported as such at once, not as a thousand failures.
"""

from __future__ import annotations

import dataclasses
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sockproof.errors import AgentDied, IutUnavailable
from sockproof.iut.channel import Channel, Message
from sockproof.iut.implementation import Implementation
from sockproof.iut.outcomes import Outcome
from sockproof.iut.process import CaseProcess
from sockproof.iut.starting import ServerOrder
from sockproof.judge.checks import Mismatch
from sockproof.spec.levels import PythonLevel
from sockproof.spec.matrix import ALL_SPECS, ServerSpec

__all__ = ["Capabilities", "ProbedIut", "probe"]

_PROBES = {
    "fork": "hasattr(os, 'fork')",
    "AF_UNIX": "hasattr(socket, 'AF_UNIX')",
    "SO_REUSEPORT": "hasattr(socket, 'SO_REUSEPORT')",
    "abstract": "sys.platform.startswith('linux') and hasattr(socket, 'AF_UNIX')",
}
# What can only be found out by trying: source that raises OSError or AttributeError if it is not
# there. Linux refuses SO_REUSEPORT on Unix sockets since 6.12.9 (gh-128916).
_TRIALS = {
    "IPv6": """
probe = socket.socket(socket.AF_INET6)
probe.bind(("::1", 0))  # socket.has_ipv6 is true even where IPv6 is switched off
probe.close()
""",
    "unix_reuse_port": """
probe = socket.socket(socket.AF_UNIX)
try:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
finally:
    probe.close()
""",
}
# Which capability a family or a mixin stands on.
_NEEDS = {"inet6": "IPv6", "path": "AF_UNIX", "abstract": "abstract", "Forking": "fork"}


@dataclass(frozen=True)
class Capabilities:
    """``features`` by name, and the ``names`` of classes the module has (as socketserver calls
    them)."""

    features: Mapping[str, bool]
    names: frozenset[str]

    def missing(self, spec: ServerSpec) -> str:
        """Why servers of this spec cannot be tested here; empty when they can."""
        for part in (spec.family, spec.mixin):
            feature = _NEEDS.get(part, "")
            if feature and not self.features[feature]:
                return f"no {feature} here"
        for name in filter(None, (spec.class_name, spec.mixin_name)):
            if name not in self.names:
                return f"the module has no {name}"
        return ""

    def to_json(self) -> dict[str, Any]:
        return {**self.features, "names": sorted(self.names)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Capabilities:
        features = {key: value for key, value in data.items() if key != "names"}
        return cls(features, frozenset(data["names"]))


@dataclass(frozen=True)
class ProbedIut:
    """An implementation that answered: what it is, and what it can do.

    ``id`` names it in records; ``level`` is the Python level its requirements are taken from.
    """

    id: str
    implementation: Implementation
    level: PythonLevel
    hello: Mapping[str, Any]
    capabilities: Capabilities

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "implementation": self.implementation.to_json(),
            "level": list(self.level),
            "hello": dict(self.hello),
            "capabilities": self.capabilities.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ProbedIut:
        return cls(
            data["id"],
            Implementation.from_json(data["implementation"]),
            tuple(data["level"]),
            data["hello"],
            Capabilities.from_json(data["capabilities"]),
        )

    def renamed(self, new_id: str) -> ProbedIut:
        return dataclasses.replace(self, id=new_id)


def interpreter_id(hello: Message) -> str:
    """``cpython-3.13.0``, ``pypy-7.3.11``: the interpreter by its own version."""
    version = hello["implementation_version"]
    return f"{hello['implementation']}-{'.'.join(str(part) for part in version)}"


def probe(implementation: Implementation) -> ProbedIut:
    """Start it, and find out what it is, whether it is honest, and what it can do.

    Raises:
        IutUnavailable: it does not start, is not what it says, or fails the smoke exchange.
    """
    channel = Channel(implementation)
    try:
        _refuse_foreign_module(implementation, channel.hello)
        process = CaseProcess(channel)
        try:
            _refuse_liar(implementation, process)
            capabilities = _capabilities(implementation, channel.hello, process)
            _smoke(implementation, capabilities, process)
        finally:
            process.end()
    except (Mismatch, AgentDied) as error:
        raise IutUnavailable(
            f"{implementation.given}: the smoke exchange failed: {error}",
            "a server that cannot echo one line cannot be judged",
        ) from None
    finally:
        channel.close()
    return ProbedIut(
        implementation.name or _module_name(implementation) or interpreter_id(channel.hello),
        implementation,
        implementation.level or tuple(channel.hello["version"][:2]),
        channel.hello,
        capabilities,
    )


def _module_name(implementation: Implementation) -> str:
    return implementation.module if implementation.module else ""


def _refuse_foreign_module(implementation: Implementation, hello: Message) -> None:
    """An interpreter that quietly took another installation's module is not what was asked for."""
    if implementation.module:
        return
    module = PurePosixPath(hello["module_file"]).parent
    own = PurePosixPath(hello["os_file"]).parent
    if module != own:
        raise IutUnavailable(
            f"{implementation.given}: its socketserver is {hello['module_file']}, outside its own "
            f"library {own}",
            "name the file with --iut to test that one",
        )


def _refuse_liar(implementation: Implementation, process: CaseProcess) -> None:
    """Ask for what cannot exist; only a refusal of the right kind is an honest answer."""
    impossible = f"No{uuid.uuid4().hex}Server"
    for outcome, wanted in (
        (process.do("evaluate", expression=f"socketserver.{impossible}"), "AttributeError"),
        (process.do(impossible), "ValueError"),
    ):
        if outcome.error is None or not outcome.error.is_a(wanted):
            raise IutUnavailable(
                f"{implementation.given}: it says that it has a {impossible}, which cannot exist",
                "its answers cannot be believed",
            )


def _capabilities(
    implementation: Implementation, hello: Message, process: CaseProcess
) -> Capabilities:
    features = {
        name: bool(process.do("evaluate", expression=expression).value)
        for name, expression in _PROBES.items()
    }
    for name, source in _TRIALS.items():
        error = process.do("execute", source=source).error
        features[name] = error is None or not error.is_a("OSError", "error", "AttributeError")
    renamed = {own: standard for standard, own in implementation.classes.items()}
    return Capabilities(features, frozenset(renamed.get(name, name) for name in hello["names"]))


def _smoke(
    implementation: Implementation, capabilities: Capabilities, process: CaseProcess
) -> None:
    """One echo over the first server that the module has, with nothing of ours but a socket."""
    usable = [spec for spec in ALL_SPECS if not capabilities.missing(spec)]
    if not usable:
        raise IutUnavailable(
            f"{implementation.given}: the module has none of socketserver's classes",
            "map its names in a TOML file: [classes] TCPServer = 'MyServer'",
        )
    spec = usable[0]
    if spec.family != "inet":
        return
    base = "StreamRequestHandler" if spec.is_stream else "DatagramRequestHandler"
    order = ServerOrder(spec, ("127.0.0.1", 0), handler_base=base, script=_ECHO)
    outcome = process.do("make", **order.describe(0), serve=order.loop(0))
    if outcome.error is not None:
        raise Mismatch("a server is made", str(outcome.error))
    _echo(spec, outcome)


_LINE = b"sockproof\n"
_ECHO = {"setup": [], "handle": [{"do": "read_line"}, {"do": "write_back"}], "finish": []}


def _echo(spec: ServerSpec, made: Outcome) -> None:
    kind = socket.SOCK_STREAM if spec.is_stream else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as client:
        client.settimeout(5)
        try:
            client.connect(made.value["address"])
            client.sendall(_LINE)
            answer = _read_line(client) if spec.is_stream else client.recv(100)
        except OSError as error:
            raise Mismatch("an echo", str(error)) from None
    if answer != _LINE:
        raise Mismatch(f"an echo of {_LINE!r}", repr(answer))


def _read_line(client: socket.socket) -> bytes:
    """What comes up to the end of the line or of the stream: a stream may come in any pieces."""
    answer = b""
    while len(answer) < len(_LINE) and (piece := client.recv(len(_LINE) - len(answer))):
        answer += piece
    return answer
