"""What an implementation can do here: probed, never assumed; and whether it can be believed.

Before any case the harness asks for something that cannot exist and demands the right refusal
(honesty), and plays one exchange known to work (smoke). An implementation that fails these is
reported as such at once, not as a thousand failures.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sockproof.errors import AgentDied, AgentHeld, IutUnavailable
from sockproof.file_names import file_name
from sockproof.iut.channel import Channel
from sockproof.iut.honesty import refuse_foreign_module, refuse_liar, refuse_mere_imports
from sockproof.iut.implementation import Implementation
from sockproof.iut.machine import features_of
from sockproof.iut.message_lines import Message
from sockproof.iut.process import CaseProcess
from sockproof.iut.reach import refuse_few_processes
from sockproof.iut.server_class import OwnServer, in_the_way
from sockproof.iut.smoke import Smoke
from sockproof.iut.socket_module import documented, refuse_other_sockets, refuse_sockets
from sockproof.iut.usable_specs import usable_specs
from sockproof.judge.checks import Mismatch, NotApplicable
from sockproof.spec.area_names import SOCKETS
from sockproof.spec.levels import PythonLevel
from sockproof.spec.matrix import ALL_SPECS, CLASSES, ServerSpec

__all__ = ["Capabilities", "ProbedIut", "interpreter_id", "probe"]

_FORKING_UNIX_SINCE = (3, 12)
# Which capability a class stands on that has this in its name.
_NEEDS_OF_NAMES = {"Unix": "AF_UNIX", "Forking": "fork"}
# Which capability a family or a mixin stands on.
_NEEDS = {"inet6": "IPv6", "path": "AF_UNIX", "abstract": "abstract", "Forking": "fork"}


@dataclass(frozen=True)
class Capabilities:
    """``features`` by name, and the ``names`` of classes the module has (as socketserver calls
    them). ``left_out`` are those that it lacks on purpose, as whoever tests it says;
    ``unreachable`` says of families of addresses why no server there is reached from here."""

    features: Mapping[str, bool]
    names: frozenset[str]
    left_out: frozenset[str] = frozenset()
    unreachable: Mapping[str, str] = field(default_factory=dict)
    # The names that the documentation has.
    whole: Sequence[str] = CLASSES

    @property
    def absent(self) -> frozenset[str]:
        """The documented names that the module has not."""
        return frozenset(self.whole) - self.names

    def only(self, names: Collection[str]) -> Capabilities:
        """The same of a module that is to have these classes of the documentation and no others."""
        left_out = frozenset(self.whole) - frozenset(names)
        return dataclasses.replace(self, names=self.names - left_out, left_out=left_out)

    @property
    def there(self) -> Capabilities:
        """The same, of which whatever is absent is so on purpose: classes, those that stand on a
        feature which is absent, and features."""
        absent = [name for name, has in self.features.items() if not has]
        words = [word for word, feature in _NEEDS_OF_NAMES.items() if feature in absent]
        usable = [name for name in self.names if not any(word in name for word in words)]
        found = self.only(usable)
        return dataclasses.replace(found, left_out=found.left_out | frozenset(absent))

    def lacking(self, spec: ServerSpec) -> str:
        """The feature or the class without which servers of this spec cannot be tested here."""
        for part in (spec.family, spec.mixin):
            feature = _NEEDS.get(part, "")
            if feature and not self.features[feature]:
                return feature
        names = filter(None, (spec.class_name, spec.mixin_name))
        return next((name for name in names if name not in self.names), "")

    def missing(self, spec: ServerSpec) -> str:
        """Why servers of this spec cannot be tested here; empty when they can."""
        lacking = self.lacking(spec)
        if not lacking:
            return self.unreachable.get(spec.family, "")
        return f"no {lacking} here" if lacking in self.features else f"the module has no {lacking}"

    def to_json(self) -> dict[str, Any]:
        left_out = {"left_out": sorted(self.left_out)} if self.left_out else {}
        unreachable = {"unreachable": dict(self.unreachable)} if self.unreachable else {}
        return {**self.features, "names": sorted(self.names), **left_out, **unreachable}


@dataclass(frozen=True)
class ProbedIut:
    """An implementation that answered: what it is, and what it can do.

    ``id`` names it in records; ``level`` is the Python level its requirements are taken from.
    ``doubts`` are what there is to say of it in its surroundings, see :mod:`sockproof.iut.smoke`.
    """

    id: str
    implementation: Implementation
    level: PythonLevel
    hello: Mapping[str, Any]
    capabilities: Capabilities
    doubts: Sequence[str] = ()
    looks_up_names: bool = False
    is_another_user: bool = False

    @property
    def own_server(self) -> OwnServer | None:
        """What there is to say of a user's server class; None where a module is tested."""
        return OwnServer.of(self.hello["server"]) if self.implementation.server else None

    def refuse_keyword(self, bind_and_activate: bool | None) -> None:
        """What the constructor of a user's class does not take, no case can give it.

        Raises:
            NotApplicable: it is given, and not taken.
        """
        own = self.own_server
        if bind_and_activate is not None and own and not own.takes_optional:
            raise NotApplicable("its constructor takes no bind_and_activate")

    @property
    def absent(self) -> list[str]:
        """The documented classes that a module of somebody's own lacks, and should have."""
        lacking = self.capabilities.absent - self.capabilities.left_out
        has = self.capabilities.features
        excused = [word for word, feature in _NEEDS_OF_NAMES.items() if not has[feature]]
        excused += ["ForkingUnix"] if self.level < _FORKING_UNIX_SINCE else []
        return [
            name
            for name in self.capabilities.whole
            if self.implementation.module
            and name in lacking
            and not any(word in name for word in excused)
        ]

    def renamed(self, new_id: str) -> ProbedIut:
        return dataclasses.replace(self, id=new_id)


def interpreter_id(hello: Message) -> str:
    """``cpython-3.13.0``, ``pypy-7.3.11``: the interpreter by its own version, as far as that is a
    name of a file."""
    version = hello["implementation_version"]
    return file_name(f"{hello['implementation']}-{'.'.join(str(part) for part in version)}")


def probe(implementation: Implementation, specs: Sequence[ServerSpec] = ALL_SPECS) -> ProbedIut:
    """Start it, and find out what it is, whether it is honest, and what it can do, as far as these
    specs need it. One that dies meanwhile is started once more: somebody else may have killed it.

    Raises:
        IutUnavailable: it does not start, is not what it says, or fails the smoke exchange.
    """
    try:
        return _probed(implementation, specs)
    except AgentDied:
        pass
    try:
        return _probed(implementation, specs)
    except AgentDied as error:
        raise IutUnavailable(f"{error}, twice", "see what ends it") from None


def _probed(implementation: Implementation, specs: Sequence[ServerSpec]) -> ProbedIut:
    with contextlib.closing(Channel(implementation)) as channel:
        try:
            capabilities, smoke = _looked_at(implementation, channel, specs)
        except IutUnavailable as error:
            raise in_the_way(implementation, channel.hello, error, _can_serve(specs)) from None
        except (Mismatch, AgentHeld) as error:
            raise IutUnavailable(
                f"{implementation.given}: the smoke exchange failed: {error}",
                "a server that cannot echo one line cannot be judged",
            ) from None
    return ProbedIut(
        implementation.name or implementation.module or interpreter_id(channel.hello),
        implementation,
        implementation.level or tuple(channel.hello["version"][:2]),
        channel.hello,
        dataclasses.replace(capabilities, unreachable=smoke.unreachable),
        tuple(smoke.doubts),
        smoke.looks_up_names,
        smoke.needs_open_folders,
    )


def _can_serve(specs: Sequence[ServerSpec]) -> Callable[[Implementation], bool]:
    def can_serve(implementation: Implementation) -> bool:
        with contextlib.suppress(IutUnavailable):
            return bool(probe(implementation, specs))
        return False

    return can_serve


def _looked_at(
    implementation: Implementation, channel: Channel, specs: Sequence[ServerSpec]
) -> tuple[Capabilities, Smoke]:
    refuse_foreign_module(implementation, channel.hello)
    refuse_mere_imports(implementation, channel.hello)
    process = CaseProcess(channel)
    try:
        refuse_liar(implementation, process)
        capabilities = _capabilities(implementation, channel.hello, process)
        forks = any(spec.mixin == "Forking" for spec in specs)
        forks = forks and capabilities.features["fork"]
        refuse_few_processes(implementation.given, process, forks=forks)
    finally:
        process.end()
    smoke = Smoke(channel)
    if implementation.judged == SOCKETS:
        refuse_other_sockets(channel)
        return capabilities, smoke
    refuse_sockets(implementation, channel.hello)
    usable = usable_specs(implementation.given, capabilities.missing, specs)
    own = OwnServer.of(channel.hello["server"]) if implementation.server else None
    smoke.exchange([spec for spec in usable if own is None or own.is_of(spec)])
    return capabilities, smoke


def _capabilities(
    implementation: Implementation, hello: Message, process: CaseProcess
) -> Capabilities:
    features = features_of(process)
    if implementation.judged == SOCKETS:
        whole = documented(implementation.level or tuple(hello["version"][:2]))
        return Capabilities(features, frozenset(whole) & frozenset(hello["names"]), whole=whole)
    renamed = {own: standard for standard, own in implementation.classes.items()}
    names = frozenset(renamed.get(name, name) for name in hello["names"])
    found = Capabilities(features, names)
    provides = hello["names"] if implementation.server else implementation.provides
    return found.only(provides) if provides else found
