"""The commands that play a case of a record again, quoted for a POSIX shell: of an implementation
with ``--iut``, of what was checked from outside with its address, or with the words of its program.

Whether a host beyond loopback may be tested is said by whoever types, and is in no command here.
"""

from __future__ import annotations

import shlex
from collections.abc import Container, Iterator
from pathlib import Path

from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.record.subject import SubjectInfo
from sockproof.report.text import generating_options

__all__ = [
    "again",
    "check_words",
    "explained",
    "operand",
    "replayed",
    "scripted",
    "subject_words",
    "words_of_replay",
]

# Where reports go unless --report-dir says otherwise.
_REPORTS = Path("sockproof-report")
# What a program is told to listen at unless --listens says otherwise.
_CHOSEN = ("", "127.0.0.1:0", "unix:")
_PATIENCE_S = 10.0
_TEXTS = ("say", "expect", "exchanges", "tls_ca", "tls_name", "tls_cert", "tls_key")
_NAMED = ("words", "server", "handler", "listens", "stop")


def again(record: Record, case: CaseRow) -> str:
    """The command that plays the case again, and says more."""
    if record.subject:
        return f"{check_words(record)} -k {_quoted(case.id)} {subject_words(record)}".rstrip()
    given = shlex.quote(record.implementation.given)
    judged = record.implementation.judged
    area = f" --area {shlex.quote(judged)}" if judged else ""
    selected = f"{area} --iut {given} -k {_quoted(case.id)}"
    return f"sockproof run{selected}{generating_options(record, case)}"


def replayed(record: Record, case: CaseRow) -> str:
    """The command that tells whether the case ends again as the record has it."""
    return _of_record("replay", record, case)


def scripted(record: Record, case: CaseRow) -> str:
    """The command that writes the case as a script."""
    return _of_record("repro", record, case)


def explained(requirement_id: str) -> str:
    """The command that tells about a requirement."""
    return f"sockproof explain {shlex.quote(requirement_id)}"


def _of_record(command: str, record: Record, case: CaseRow) -> str:
    file, name = shlex.quote(str(record.path)), shlex.quote(case.id)
    if record.subject:
        return f"sockproof {command} {file} {name} {words_of_replay(record)}".rstrip()
    given = shlex.quote(record.implementation.given)
    return f"sockproof {command} {file} {name} --iut {given}"


def operand(subject: SubjectInfo) -> str:
    """``127.0.0.1:9000``, ``-- python3 -m myapp --port '{port}'``, ``--server mypkg:Server``:
    last in a command."""
    if subject.is_server:
        handler = ["--handler", subject.handler] if subject.handler else []
        return shlex.join(["--server", subject.server, *handler])
    if subject.is_program:
        return f"-- {shlex.join(subject.argv)}"
    return shlex.quote(subject.address)


def subject_words(record: Record) -> str:
    """The same, as far as its user has said so in words: what a file of examples names is named by
    ``--exchanges``."""
    subject, named = record.subject, _named(record)
    if subject is None:
        return ""
    if not subject.is_server:
        return operand(subject) if "words" in named else ""
    told = {"server": subject.server, "handler": subject.handler}
    options = [(f"--{name}", text) for name, text in told.items() if name in named and text]
    return shlex.join(word for option in options for word in option)


def words_of_replay(record: Record) -> str:
    """What names subject and examples to ``replay`` and ``repro``; last in a command."""
    examples = record.settings.get("exchanges")
    named = f"--exchanges {shlex.quote(str(examples))} " if examples else ""
    return f"{named}{subject_words(record)}".rstrip()


def _named(record: Record) -> Container[str]:
    """What was named in words; all of it where a record does not say so."""
    told = record.settings.get("named")
    return told if isinstance(told, list) else _NAMED


def check_words(record: Record) -> str:
    """``sockproof check`` with the options that the record was made with, but for the cases."""
    return " ".join(["sockproof check", *_options(record)])


def _place_options(record: Record) -> Iterator[str]:
    """Where a program listens, and how it ends, as far as that was said by options."""
    subject, named = record.subject, _named(record)
    if subject is None or not subject.is_started:
        return
    if subject.address not in _CHOSEN and "listens" in named:
        yield f"--listens {shlex.quote(subject.address)}"
    if subject.stop and "stop" in named:
        yield f"--stop {shlex.quote(shlex.join(subject.stop))}"


def _options(record: Record) -> Iterator[str]:
    settings = record.settings
    yield from _place_options(record)
    if settings.get("tls"):
        yield "--tls"
    for name in _TEXTS:
        if settings.get(name):
            yield f"--{name.replace('_', '-')} {shlex.quote(str(settings[name]))}"
    if settings.get("network"):
        yield f"--network {shlex.quote(str(settings['network']))}"
    patience = settings.get("patience_s")
    if isinstance(patience, int | float) and patience != _PATIENCE_S:
        yield f"--patience {patience:g}"
    for name in ("seed", "examples"):
        if isinstance(settings.get(name), int):
            yield f"--{name} {settings[name]}"
    if isinstance(settings.get("gentle"), bool):
        yield "--gentle" if settings["gentle"] else "--no-gentle"
    if (folder := record.path.parent) != _REPORTS:
        yield f"--report-dir {shlex.quote(str(folder))}"


def _quoted(text: str) -> str:
    """Always in quotes: brackets are patterns to a shell."""
    return "'" + text.replace("'", "'\"'\"'") + "'"
