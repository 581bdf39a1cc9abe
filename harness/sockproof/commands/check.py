"""Checks any server from outside: an address where somebody listens, or a program of the user's."""

from __future__ import annotations

import codecs
import dataclasses
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from sockproof.check.checking import Check
from sockproof.check.first_words import FirstWords
from sockproof.check.header import check_header
from sockproof.check.invariants.table import Play, plays_of
from sockproof.check.known_deviations import KnownDeviations
from sockproof.check.language import TLS, TRY_TLS, Language
from sockproof.check.listener import HOST, OWN, Listener, parse_address, program_of
from sockproof.check.near_misses import near_miss
from sockproof.check.network_choice import Settled, settled
from sockproof.check.scene import Manners
from sockproof.check.scripts.confirming import Confirmation
from sockproof.check.service.service_table import service_plays
from sockproof.check.witness import CheckWitness
from sockproof.commands.asked_examples import (
    asked_exchanges,
    asked_server,
    prepared,
    subject_and_examples,
)
from sockproof.commands.asked_tls import secured
from sockproof.commands.at_work import say_first
from sockproof.commands.check_record import check_record
from sockproof.commands.check_settings import told_settings
from sockproof.commands.check_table import CheckProgress, done_by, print_table
from sockproof.commands.output import open_console, warn
from sockproof.commands.run import refuse_unwritable, tell
from sockproof.errors import UsageError
from sockproof.generate.options import MIXES, Generating
from sockproof.iut.addresses import short_temporary_folder
from sockproof.iut.survivor import keep
from sockproof.judge.given_expectations import given_expectations
from sockproof.output_folder import OutputFolder
from sockproof.own_folder import own_folder
from sockproof.record.rows import CaseRow
from sockproof.run.lifetime import interrupt_once_by
from sockproof.run.run_options import click_option
from sockproof.spec.keywords import keyword_matcher
from sockproof.timing import scale

__all__ = [
    "asked_manners",
    "asked_octets",
    "asked_plays",
    "asked_subject",
    "check_command",
    "is_address",
]


@click.command("check", context_settings={"ignore_unknown_options": False})
@click.argument("words", nargs=-1, metavar="[ADDRESS] [-- PROGRAM...]", type=click.UNPROCESSED)
@subject_and_examples
@click.option("--say", default="", metavar="TEXT", help="What the server answers: 'PING\\r\\n'.")
@click.option("--expect", default="", metavar="TEXT", help="What is in its answer: '+PONG'.")
@click.option(
    "--patience",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0.1, 3600),
    metavar="SECONDS",
    help="How long anything may take to come back.",
)
@click.option(
    "--gentle/--no-gentle",
    default=None,
    help="Fewer clients, less garbage. [default: gentle to what was not started here]",
)
@click.option(
    "--network",
    default=None,
    type=click.Choice([OWN, HOST]),
    help="Where a program lives: in a network of its own, or beside whom this machine has. "
    "[default: own, where the system allows it, unless the program asks for others]",
)
@click_option("seed")
@click_option(
    "examples",
    default=MIXES,
    type=click.IntRange(1),
    help="Generated plans of interleaved clients, of a server of which there are examples.",
)
@click.option("-k", "keyword", default="", metavar="EXPR", help="Cases to play, as of run.")
@click.option(
    "--expectations",
    multiple=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Deviations that are known, in TOML, as of run. Repeat for several.",
)
@click.option(
    "--only-new",
    "earlier",
    multiple=True,
    metavar="RECORD",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Fail of findings alone that this record of an earlier check has not. Repeat for several.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
@click.option(
    "--report-dir",
    default="sockproof-report",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder that record and reports are written to.",
)
def check_command(words: tuple[str, ...], **given: Any) -> int:
    """Check any server from outside: who listens at ADDRESS, a PROGRAM that is started, or a server
    of a class.

    ADDRESS is HOST:PORT, udp:HOST:PORT, unix:PATH, or unixgram:PATH for datagrams. In the program's
    words, {port} stands for the port at which it is to listen, {path} for the path of a socket.
    """
    subject = asked_subject(words, given)
    manners = asked_manners(subject, given)
    named = keyword_matcher(given["keyword"])
    plays = [play for play in asked_plays(subject, given) if named(str(play.case))]
    if not plays:
        raise UsageError("no case is selected", "see 'sockproof check --dry-run'")
    if given["dry_run"]:
        _print_plan(plays, subject, manners)
        return 0
    return _checked(subject, manners, plays, {**given, "words": words})


def asked_plays(subject: Listener, given: dict[str, Any]) -> list[Play]:
    """The cases of a check: the invariants, and what follows from examples."""
    exchanges = asked_exchanges(given).exchanges
    return [*plays_of(subject), *service_plays(subject, exchanges)]


def asked_subject(words: Sequence[str], given: dict[str, Any]) -> Listener:
    """Whom the words, options or a file name, and how TLS is spoken with it.

    Raises:
        UsageError: they name nobody, or what they name is not in order.
    """
    return secured(_named(words, given), given, asked_exchanges(given).tls)


def _named(words: Sequence[str], given: dict[str, Any]) -> Listener:
    named, allowed = asked_server(words, given), given["allow_remote"]
    if isinstance(named, Listener):
        return named
    words = named
    if not words:
        raise UsageError("nothing to check", "give an address, a program after --, or --server")
    first, rest = words[0], words[1:]
    if is_address(first) and not rest:
        for option in ("listens", "stop"):
            if given[option]:
                raise UsageError(f"--{option} is for programs", "give a program after --")
        return Listener(first, parse_address(first, allowed))
    if is_address(first):
        return program_of(rest, first, given["stop"], allowed)
    if not given["listens"] and (missed := near_miss(" ".join(words))):
        raise missed
    return program_of(words, given["listens"], given["stop"], allowed)


def is_address(word: str) -> bool:
    """Whether it looks like one: the name of a program has no colon."""
    return ":" in word and "/" not in word.partition(":")[0] and " " not in word


def asked_manners(subject: Listener, given: dict[str, Any]) -> Manners:
    gentle, found = given["gentle"], Manners(given["patience"])
    if gentle or (gentle is None and not subject.argv):
        found = Manners.gentle(given["patience"])
    generating = Generating(given["seed"], given["examples"])
    return dataclasses.replace(found, generating=generating)


def asked_octets(text: str, option: str) -> bytes:
    """The text with escapes as in Python: \\r, \\n, \\x00."""
    try:
        return codecs.escape_decode(text.encode("utf-8"))[0]
    except ValueError as error:
        raise UsageError(f"{option} {text!r}: {error}", r"escapes are \r \n \t \x00") from None


def _print_plan(plays: Sequence[Play], subject: Listener, manners: Manners) -> None:
    console = open_console(soft_wrap=True)
    console.print(f"  {subject.kind} {subject.given}", markup=False)
    console.print("  first: up to five connections, to learn what it answers to", markup=False)
    for play in plays:
        why = play.invariant.why_not(subject)
        told = f"not played: {why}" if why else done_by(play.invariant, manners)
        console.print(f"  {play.case}: {told}", markup=False)


def _checked(
    subject: Listener, manners: Manners, plays: Sequence[Play], given: dict[str, Any]
) -> int:
    """Play them, write the record as they come, and make the reports."""
    scale()
    refuse_unwritable(given["report_dir"])
    say, expect = asked_octets(given["say"], "--say"), asked_octets(given["expect"], "--expect")
    expectations = given_expectations(given["expectations"])
    earlier = [check_record(path) for path in given["earlier"]]
    interrupt_once_by(signal.SIGTERM)
    exchanges = asked_exchanges(given).exchanges
    words, ready = FirstWords(say, expect, exchanges), prepared(subject)
    with say_first("learning what it answers to"):
        found = settled(ready, given["network"] or "", words)
    subject, known = found.subject, KnownDeviations(expectations, found.subject)
    header = check_header(subject, manners, told_settings(given))
    output = OutputFolder(given["report_dir"])
    console = open_console()
    witness = CheckWitness(output, header, plays, CheckProgress(console, len(plays)), known)
    keep()  # where nothing is started either, it removes the folder
    with (
        own_folder(short_temporary_folder()) as folder,
        Confirmation(subject, manners, output, exchanges) as confirmation,
    ):

        def confirm(row: CaseRow, language: Language, gone: str) -> CaseRow:
            witness.see(row)
            return confirmation.confirmed(row, language, gone)

        check = Check(
            *(subject, manners, folder, say, expect, exchanges, confirm, found.language),
            begins=witness.begin,
            suspect=confirmation.suspect,
        )
        with witness:
            witness.speaks = check.play(plays, witness.take).words
    _warn_of(found, witness.speaks)
    print_table(console, witness.rows, witness.requirements, subject, witness.speaks)
    return tell([witness.path], output, witness.problems, earlier=earlier)


def _warn_of(found: Settled, speaks: str) -> None:
    """What the user may want to have said otherwise."""
    looks_like_tls = f"{found.subject.given}: {TRY_TLS}" if speaks == TLS else ""
    for remark in filter(None, (found.remark, looks_like_tls)):
        warn(remark)
