"""Checks a little server with the command, and tells what its record says."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from fixtures.listeners.table import LittleServer
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from suites.selftest.runs import (
    Ended,
    Mark,
    environment,
    living,
    records_in,
    sockproof_,
    wait_until,
)

__all__ = ["CHECK", "bad_rows", "check", "listening", "rows_of", "words_of"]

CHECK = ("check", "--report-dir", "out")
_GOOD = (Verdict.PASS, Verdict.NOT_APPLICABLE)


def words_of(server: LittleServer) -> list[str]:
    """How a user has it checked, behind the options."""
    listens = ["--listens", server.listens] if server.listens else []
    tls = ["--tls"] if server.tls else []
    return [*listens, *tls, "--", *server.argv]


def check(folder: Path, server: LittleServer, *options: str, **variables: str) -> Ended:
    """Check it; nothing of it is left afterwards."""
    mark = Mark.new()
    words = [*CHECK, *options, *words_of(server)]
    ended = sockproof_(folder, *words, **{**mark.variables, **variables})
    assert list(living(mark)) == []
    return ended


def rows_of(folder: Path) -> dict[str, CaseRow]:
    """The rows of the one record there, by what they are about: ``requirement[variant]``."""
    (record,) = records_in(folder).values()
    return {_short(row.id): row for row in record.cases}


def _short(case_id: str) -> str:
    name, _, rest = case_id.rpartition("/invariants/")[2].removeprefix("invariants/").partition("[")
    variant = rest.rstrip("]").partition(",")[2]
    return f"{name}[{variant}]" if variant else name


def bad_rows(rows: dict[str, CaseRow]) -> list[str]:
    """What is not as it should be, or could not be found out."""
    return [
        f"{name}: {row.verdict} {row.actual}{row.reason}"
        for name, row in rows.items()
        if row.verdict not in _GOOD
    ]


@contextlib.contextmanager
def listening(words: Sequence[str], is_there: Path) -> Iterator[int]:
    """A program that runs until the end of the block, from when its Unix socket is there; its
    process id."""
    with subprocess.Popen(words, env=environment(), start_new_session=True) as process:
        try:
            wait_until(lambda: is_there.exists() or process.poll() is not None)
            yield process.pid
        finally:
            process.kill()
