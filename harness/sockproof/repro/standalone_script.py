"""A stand-alone script of one case: its server, its peers, and the one thing that is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sockproof.iut.case_log import Operation
from sockproof.iut.values import decode
from sockproof.repro.behaviour import Behaviour
from sockproof.repro.class_names import class_name
from sockproof.repro.deciding import LEFT, Decision
from sockproof.repro.ground_code import addresses_kept
from sockproof.repro.handler_code import HandlerWriter, tidy
from sockproof.repro.layout import About, Ground, assembled
from sockproof.repro.leaving_out import may_go
from sockproof.repro.main_thread_code import in_main_thread
from sockproof.repro.noting import notes_for
from sockproof.repro.pauses import has_clients, pauses
from sockproof.repro.program_code import program_source
from sockproof.repro.script_text import written
from sockproof.repro.server_code import ServerWriter
from sockproof.repro.step_code import StepWriter
from sockproof.repro.telling import Told, is_long
from sockproof.repro.tls_code import SECURE, base_in, client_texts, secure_classes

__all__ = ["HURRIED", "PATIENT", "Script", "write_script"]

# May be left out, too: a server that is wrong may be gone while a client still sends.
PATIENT = "errors of sending"
# May be left out where requests are handled beside each other: to let a server come to rest before
# it gets the next.
HURRIED = "pauses"
_KEEPING = "kept requests"
# What two servers of one class have in common.
_OF_A_CLASS = ("spec", "attributes", "hooks", "class_source", "tls")
# What waits makes the order: a quick machine may have it by luck without, and a busy one not.
_WAITS = re.compile(
    r"\b(receive|receive_datagram|drain|is_over|wait_for|wait_until|makefile|recv|select)\b|\.join\("
)


# What needs the list of what has happened.
_NOTING = re.compile(r"\b(note|emit|times|wait_for|details)\(|log|telling")


@dataclass(frozen=True)
class Script:
    """The text, and the keys of the parts that might be left out of it."""

    text: str
    keys: tuple[str, ...]


def write_script(
    about: About,
    told: Told,
    behaviour: Behaviour,
    omit: frozenset[str],
    hang_s: float,
) -> Script:
    """Write it from what was noted while the case was played; ``omit`` parts are left out."""
    writer = _ScriptWriter(told, behaviour, omit)
    writer.notes.preloaded = bool(about.preload)
    writer.main()  # what is waited for decides what the classes note, and they come first
    main = writer.main()
    program = program_source(writer.before)
    fate = behaviour.observed if behaviour.aspect == "fate" else ""
    ground = Ground(hang_s, forking=writer.notes.forking, program=program, fate=fate)
    text = assembled(about, main, ground)
    return Script(text, tuple(writer.keys))


class _ScriptWriter:
    """Writes what comes after the functions. ``keys`` are of the parts that may be left out."""

    def __init__(self, told: Told, behaviour: Behaviour, omit: frozenset[str]) -> None:
        self.told, self.behaviour, self.omit = told, behaviour, omit
        self.names = told.names
        operations, number = told.log.operations, _deciding(told, behaviour)
        stop = len(operations) if number is None else number + (behaviour.aspect == "address")
        self.before = operations[:stop]
        decisive = None if number is None else operations[number]
        upto = [*self.before, *([decisive] if decisive else [])]
        self.makes = [one for one in upto if one.name == "do" and one.arguments["op"] == "make"]
        self.notes = notes_for(self.makes, upto, told, behaviour)
        self.may_keep = self.notes.is_stream and behaviour.aspect != "left"
        self.notes.keeping = self.may_keep and _KEEPING not in omit
        self.decision = Decision(behaviour, decisive, self.before, self.names, self.notes)
        specs = [one.arguments["spec"] for one in self.makes]
        side_by_side = any(spec["mixin"] or "ing" in spec["class"] for spec in specs)
        self._pauses = frozenset[int]()
        if HURRIED not in omit:
            self._pauses = pauses(self.before, side_by_side=side_by_side)
        self.keys: list[str] = []

    def main(self) -> list[str]:
        """Everything but functions: what is set up, classes, statements, decision."""
        self.keys = []
        used: dict[int, tuple[str, str]] = {}
        classes = self._classes(used)
        steps, decision = self._steps(used)
        written = [line for text in classes.values() for line in text]
        lines = [*written, *steps]
        grounds = self._grounds("\n".join([*lines, *decision]))
        done = in_main_thread(addresses_kept([*steps, "", *decision]), self.before)
        return [*grounds, *self._gates(lines), *_spaced(classes.values()), *done]

    def _classes(self, used: dict[int, tuple[str, str]]) -> dict[str, list[str]]:
        """The text of each class by its name; puts into ``used`` what each server is made of."""
        found = client_texts([*self.before, self.decision.operation])
        named: dict[str, str] = {}
        for one in self.makes:
            told = one.arguments
            secure = self._secure(named, told)
            found |= secure
            about = {key: told.get(key) for key in _OF_A_CLASS}
            handler = class_name(named, "Handler", {**told["handler"], "over": [*secure]})
            server = class_name(named, "Server", about)
            given = self.names, self.notes, self.omit
            handlers = HandlerWriter(handler, told["handler"], *given, base_in(secure, "Handler"))
            servers = ServerWriter(server, told, *given, base_in(secure, "Server"))
            self.keys += [*handlers.keys(), *servers.keys()]
            found[handler] = self._brief(tidy(handlers.lines()))
            found[server] = servers.lines()
            used[told["handle"]] = (servers.used, handler)
        self.keys += [_KEEPING] if self.may_keep else []
        return found

    def _secure(self, named: dict[str, str], told: Mapping[str, Any]) -> dict[str, list[str]]:
        """The classes that speak TLS, below those of the case; none of a plain server."""
        if "tls" not in told:
            return {}
        about = told["tls"], told["spec"], told["handler"]["base"]
        return secure_classes(class_name(named, SECURE, about), told)

    def _brief(self, lines: list[str]) -> list[str]:
        """Long payloads are told by their digest."""
        if not is_long(self.told.log.events):
            return lines
        return [
            line.replace("bytes(data))", "brief(data))").replace(
                "bytes(self.data))", "brief(self.data))"
            )
            for line in lines
        ]

    def _gates(self, lines: Iterable[str]) -> list[str]:
        text = "\n".join(lines)
        used = [name for name in sorted(self._gate_names) if self.notes.gate(name) in text]
        return [self.notes.making(name) for name in used]

    @property
    def _gate_names(self) -> set[str]:
        found = {one.arguments["name"] for one in self.before if one.name == "open gate"}
        for one in self.makes:
            found |= set(_gates_in(one.arguments["handler"]["script"]))
            found |= set(_gates_in(one.arguments["hooks"]))
        return found

    def _steps(self, used: Mapping[int, tuple[str, str]]) -> tuple[list[str], list[str]]:
        """The statements of what is done, and those of the decision."""
        addresses = {one.arguments["handle"]: _address(one) for one in self.makes}
        writer = StepWriter(self.names, self.notes, used, addresses, gates=self._gate_names)
        writer.peers.patient = PATIENT in self.omit
        writer.peers.refusal_decides = _is_of_refusal(self.decision.operation, self.behaviour)
        steps: list[str] = []
        for number, one in enumerate(self.before):
            key = f"step {number}"
            if key in self.omit:
                continue
            is_counting = self._counts_clients(number, one)
            lines = ["let_others_run()"] if is_counting else writer.lines(one)
            steps += self._pause(number, writer) if lines else []
            steps += lines
            if lines and may_go(one) and not _WAITS.search(str(lines)):
                self.keys.append(key)
        return steps, self.decision.lines(writer, steps)

    def _pause(self, number: int, writer: StepWriter) -> list[str]:
        """What comes before an operation, so that all which those before it lead to has happened:
        who does it in a thread or a child may otherwise be late."""
        if not writer.threads or number not in self._pauses:
            return []
        return ["let_others_run()"]

    def _counts_clients(self, number: int, one: Operation) -> bool:
        """What waits until nothing is left would count the clients, which live here as well."""
        if one.name != "until true" or "count()" not in one.arguments["expression"]:
            return False
        return self.behaviour.aspect == "left" or has_clients(self.before[:number])

    def _grounds(self, text: str) -> list[str]:
        """What the statements stand on."""
        aspect = self.behaviour.aspect
        return written(
            "grounds",
            folder="folder" in text,
            keeps="kept." in text,
            tells_place="place()" in text,
            notes=bool(_NOTING.search(text)),
            forking=self.notes.forking,
            prints=aspect == "printed",
            counted=LEFT["".join(self.behaviour.labels)] if aspect == "left" else "",
        ).splitlines()


def _deciding(told: Told, behaviour: Behaviour) -> int | None:
    """The number of the operation that decides. Where one of many clients is refused, it is the
    last of them: which of them it is may be a matter of how soon the first are served."""
    number, operations = behaviour.number, told.log.operations
    if number is None or not _is_of_refusal(operations[number], behaviour):
        return number
    while [one.name for one in operations[number + 1 : number + 2]] == ["connect"]:
        number += 1
    return number


def _is_of_refusal(decisive: Operation | None, behaviour: Behaviour) -> bool:
    """Whether a wrong server is told by a client that is refused."""
    is_connect = decisive is not None and decisive.name == "connect"
    return is_connect and str(behaviour.observed).startswith("raises")


def _address(one: Operation) -> Any:
    """Free addresses are of the machine that the script runs on."""
    address = decode(one.arguments["address"])
    if isinstance(address, tuple) and len(address) == 2 and address[1] == 0:
        return ("127.0.0.1", 0) if str(address[0]).startswith("127.") else address
    return address


def _gates_in(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        if "index" in told or "gate" in told:
            yield told["name"]
        for value in told.values():
            yield from _gates_in(value)
    elif isinstance(told, list):
        for value in told:
            yield from _gates_in(value)


def _spaced(classes: Iterable[list[str]]) -> Iterator[str]:
    for lines in classes:
        if lines:
            yield from ("", "", *lines)
    yield from ("", "")
