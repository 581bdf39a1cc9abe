"""A case of a check, played again on what the user names: an address, or a program after ``--``.

What a record of a check says was judged is text. It names nothing to start and nobody to speak to,
unless the user says in this very call that it may.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sockproof.check.checking import Check
from sockproof.check.first_words import FirstWords
from sockproof.check.header import check_header
from sockproof.check.invariants.table import AREA, Play
from sockproof.check.language import Language
from sockproof.check.listener import HOST, OWN, Listener
from sockproof.check.network_choice import settled
from sockproof.check.scene import Manners
from sockproof.check.service.exchanges import Exchanges
from sockproof.check.service.service_table import SERVICE
from sockproof.commands.asked_examples import asked_exchanges, prepared
from sockproof.commands.asked_tls import TLS_OPTIONS
from sockproof.commands.at_work import say_first
from sockproof.commands.check import (
    asked_manners,
    asked_octets,
    asked_plays,
    asked_subject,
    check_command,
)
from sockproof.commands.output import warn
from sockproof.errors import UsageError
from sockproof.iut.addresses import short_temporary_folder
from sockproof.own_folder import own_folder
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.report.text import one_line
from sockproof.report.what_to_type import operand
from sockproof.spec.case_id import CaseId
from sockproof.visible_text import visible

__all__ = ["AREAS", "AskedCheck", "asked_check", "parted"]

AREAS = (AREA, SERVICE)
"""Those of the cases of a check."""

_HOW = "add ADDRESS, or -- PROGRAM"
_CASE = re.compile(r"[\w-]+/[\w-]+(\[.*\])?")
# Of a text that nobody has asked for; one that is to be run is told whole.
_SHOWN = 300
_TEXTS = ("say", "expect", "exchanges", *TLS_OPTIONS)


@dataclass(frozen=True)
class AskedCheck:
    """One case of a check: on whom it is played, and how."""

    play: Play
    subject: Listener
    manners: Manners
    say: bytes
    expect: bytes
    exchanges: Exchanges
    language: Language | None = None

    def played(self) -> tuple[CaseRow, Language]:
        """How it ends now, and what the server speaks.

        Raises:
            HarnessError: nobody can be reached.
        """
        return self._played([self.play])

    def spoken(self) -> Language:
        """What the server speaks."""
        rows: list[CaseRow] = []
        with own_folder(short_temporary_folder()) as folder:
            return self._check(folder).play([], rows.append)

    def _played(self, plays: Sequence[Play]) -> tuple[CaseRow, Language]:
        rows: list[CaseRow] = []
        with own_folder(short_temporary_folder()) as folder:
            language = self._check(folder).play(plays, rows.append)
        return rows[0], language

    def _check(self, folder: Path) -> Check:
        words = (self.say, self.expect, self.exchanges)
        return Check(self.subject, self.manners, folder, *words, language=self.language)

    def header(self) -> dict[str, Any]:
        """That of a record of this case alone."""
        settings = {"select": str(self.play.case), "specs": [], "shard": "1/1"}
        return check_header(self.subject, self.manners, settings)


def parted(given: Sequence[str]) -> tuple[Sequence[str], tuple[str, ...]]:
    """What names record and case, and the words behind that say what is checked: there are some
    only if the case is one of a check."""
    if given[0].endswith(".json"):  # a plan, which names its case
        known = 1 + bool(given[1:] and _CASE.fullmatch(given[1]))
        return given[:known], tuple(given[known:])
    cases = [text.partition("/")[0] in AREAS for text in given[:2]]
    if not any(cases):
        return given, ()
    known = 2 if cases[0] and given[1:2] and given[1].endswith(".jsonl") else cases.index(True) + 1
    return given[:known], tuple(given[known:])


def asked_check(
    case: CaseId, words: Sequence[str], asked: str, record: Record | None, *, trusted: bool
) -> AskedCheck:
    """The case on what the ``words`` name, or the text that was ``asked`` for; else on what the
    record names, where its user has ``trusted`` it. What the words leave open is as in the record,
    where that is a number.

    Raises:
        UsageError: nothing is named, or the case is not played on it.
    """
    named = list(words) or shlex.split(asked)
    options = list(_options_of(record, trusted=trusted))
    if not named:
        named = _named_by(record, trusted=trusted)
    before = [] if named[0].startswith("-") else ["--"]
    given = check_command.make_context("check", [*options, *before, *named]).params
    subject = asked_subject(given.pop("words"), given)
    say, expect = asked_octets(given["say"], "--say"), asked_octets(given["expect"], "--expect")
    plays = {str(play.case): play for play in asked_plays(subject, given)}
    if str(case) not in plays:
        hint = next((one for one in plays if one.startswith(case.requirement)), "see 'check'")
        raise UsageError(f"{case} is not played on {subject.given}", hint)
    exchanges, manners = asked_exchanges(given).exchanges, asked_manners(subject, given)
    network = (given["network"] or "") if subject.argv else ""
    ready = prepared(subject)
    with say_first("learning what it answers to"):
        found = settled(ready, network, FirstWords(say, expect, exchanges))
    if found.remark:
        warn(found.remark)
    return AskedCheck(
        plays[str(case)], found.subject, manners, say, expect, exchanges, found.language
    )


def _named_by(record: Record | None, *, trusted: bool) -> list[str]:
    """The words of the record's subject, which are told."""
    if record is None or record.subject is None:
        raise UsageError("nothing says what is checked", _HOW)
    words = operand(record.subject)
    if not trusted:
        shown = one_line(words, _SHOWN)
        raise UsageError(
            f"{record.path} is of {shown.removeprefix('-- ')}: what a record names is not used by "
            "itself",
            f"add {shown}, or --trust-record",
        )
    warn(f"uses what {record.path} names: {visible(words.removeprefix('-- '))}")
    return shlex.split(words.removeprefix("-- "))


def _options_of(record: Record | None, *, trusted: bool) -> Iterator[str]:
    """The options of the check that made the record: its numbers, and of texts those of a record
    that is trusted."""
    if record is None:
        return
    settings, subject = record.settings, record.subject
    yield from _harmless(settings)
    told = {name: str(settings.get(name) or "") for name in _TEXTS}
    if subject and subject.is_started:
        told["stop"] = shlex.join(subject.stop)
        if subject.address in _FREE:
            yield f"--listens={subject.address}"
        elif subject.address not in _CHOSEN:
            told["listens"] = subject.address
    for name, text in told.items():
        option = name.replace("_", "-")
        if text and trusted:
            warn(f"uses what {record.path} names: --{option} {visible(shlex.quote(text))}")
            yield f"--{option}={text}"
        elif text:
            warn(f"the record was made with --{option} {one_line(shlex.quote(text), _SHOWN)}")


def _harmless(settings: Mapping[str, Any]) -> Iterator[str]:
    """Those that are a number, or one of few words."""
    patience = settings.get("patience_s")
    if isinstance(patience, int | float) and 0.1 <= patience <= 3600:
        yield f"--patience={patience}"
    if isinstance(settings.get("gentle"), bool):
        yield "--gentle" if settings["gentle"] else "--no-gentle"
    if settings.get("tls") is True:
        yield "--tls"
    if settings.get("network") in (OWN, HOST):
        yield f"--network={settings['network']}"


# What a program is told to listen at unless --listens says otherwise.
_CHOSEN = ("127.0.0.1:0", "unix:")
# Where one is free, of another kind: that is no place that a record could name.
_FREE = ("[::1]:0", "udp:127.0.0.1:0", "udp:[::1]:0", "unixgram:")
