"""The cases that follow from a file of examples, each as a test of whoever has the server."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from sockproof.check.checking import Check
from sockproof.check.interruptible import interrupts_heard
from sockproof.check.invariants.table import Play
from sockproof.check.listener import Listener, program_of
from sockproof.check.scene import Manners
from sockproof.check.service.exchange_file import ExchangeFile, read_exchanges
from sockproof.check.service.service_table import service_plays
from sockproof.commands.transcript_lines import lines_of
from sockproof.errors import UsageError
from sockproof.iut.addresses import short_temporary_folder
from sockproof.iut.tls_terms import TlsTerms
from sockproof.judge.verdict import Verdict
from sockproof.own_folder import own_folder
from sockproof.pytest_fixtures.serving import class_subject
from sockproof.record.rows import CaseRow

__all__ = ["ServiceCase", "cases_of"]

_ANSWERED = (Verdict.PASS, Verdict.NOT_APPLICABLE)


@dataclass
class ServiceCase:
    """One case: a ``play`` on a ``subject`` whose ``examples`` are known. A call plays it."""

    play: Play
    subject: Listener
    examples: ExchangeFile
    rows: list[CaseRow] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Without the area, which all have."""
        return str(self.play.case).partition("/")[2]

    def __call__(self) -> None:
        """Play it.

        Raises:
            Failed: it does not pass; with what was promised, and what was seen. Skipped: it is not
                applicable; with the reason. HarnessError: the server does not come to listen, or
                does not answer the examples.
        """
        __tracebackhide__ = True
        self.rows.clear()
        with interrupts_heard(), own_folder(short_temporary_folder()) as folder:
            check = Check(self.subject, Manners(), folder, exchanges=self.examples.exchanges)
            check.play([self.play], self.rows.append)
        (row,) = self.rows
        if row.verdict is Verdict.NOT_APPLICABLE:
            pytest.skip(row.reason)
        if row.verdict not in _ANSWERED:
            pytest.fail(_told(row), pytrace=False)

    @property
    def sections(self) -> list[tuple[str, str]]:
        """What a report of a failure has of it."""
        rows = self.rows
        told = [("sockproof transcript", lines_of(row.transcript)) for row in rows]
        return told + [("sockproof server", row.stderr) for row in rows if row.stderr]


def _told(row: CaseRow) -> str:
    if row.verdict is not Verdict.FAIL:
        return f"{row.verdict.value}: {row.reason}"
    return f"{row.id}\n  expected  {row.expected}\n  actual    {row.actual}"


def cases_of(
    folder: Path, exchanges: str, server: object = "", handler: object = ""
) -> list[ServiceCase]:
    """The cases of a file, which is in the ``folder`` unless its path is absolute; the server is
    that of the mark, or else that of the file.

    Raises:
        UsageError: the file is not in order, or nothing says what server it is.
    """
    examples = read_exchanges(folder / exchanges)
    subject = _subject(examples, server, handler)
    if examples.tls is not None:
        secured = replace(subject.address, tls=TlsTerms(**examples.tls))
        subject = replace(subject, address=secured)
    return [
        ServiceCase(play, subject, examples) for play in service_plays(subject, examples.exchanges)
    ]


def _subject(examples: ExchangeFile, server: object, handler: object) -> Listener:
    table = examples.server
    named, called = server or table.get("class"), handler or table.get("handler", "")
    if named:
        return class_subject(named, called, table.get("arguments"), table.get("keywords"))
    command = table.get("command")
    if not command:
        hint = "name it in the mark, or in the file's table [server]"
        raise UsageError("nothing says what server the examples are of", hint)
    words: Sequence[str] = shlex.split(command) if isinstance(command, str) else command
    return program_of(tuple(words), table.get("address", ""), table.get("stop", ""))
