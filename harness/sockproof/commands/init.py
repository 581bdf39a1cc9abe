"""Begins a file of examples: whom to check, and one exchange that the server was seen to have."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from sockproof._paths import expanded
from sockproof.check.first_words import FirstWords, speaks_tls
from sockproof.check.language import ACCEPTS, LINE, READS, SHAKES_HANDS, TLS, TRY_TLS
from sockproof.check.listener import Address, Listener
from sockproof.check.program_life import lived
from sockproof.check.service.asking import Heard, asked
from sockproof.check.service.example_text import Example, comment, table
from sockproof.commands.asked_examples import prepared, subject_options
from sockproof.commands.check import asked_octets, asked_subject, is_address
from sockproof.commands.output import examples_file, refuse_existing, warn
from sockproof.errors import HarnessError
from sockproof.iut.addresses import short_temporary_folder
from sockproof.iut.case_log import CaseLog
from sockproof.own_folder import own_folder
from sockproof.watch.answer_shape import are_alike, has_date, pattern_of
from sockproof.watch.masking import MaskedOctets
from sockproof.whole_file import write_whole

__all__ = ["init_command"]

_GREETS = "greets"
# What is not answered, or not in words of ours.
_SILENT = (ACCEPTS, READS, SHAKES_HANDS, TLS)
_MORE_OF_SERVER = """\
# What else there is (docs/own-server.md):
# address = "127.0.0.1:{port}"      # where it listens, if that is elsewhere
# stop = "myserver stop"            # what ends a program, instead of an interrupt
"""
_MORE_OF_CLASS = """\
# arguments = ["{address}", "{handler}"]    # what the class is called with; {host}, {port}, {path}
# keywords = { title = "chat at {port}" }
# interpreter = "python3.12"
"""
_MORE_OF_EXCHANGE = """\
# What else there is, for each exchange:
# send_hex = "00 ff"     # octets that are no text; also send_base64, and send_file = "request.bin"
# expect_hex = "00 ff"   # also expect_base64, and expect_file
# expect_regex = '250 .*\\r\\n'   # the answer is the shortest beginning that matches
# until = "end"          # the end of the connection belongs to the answer
# half_close = true      # the client closes its side behind the request
# keeps = true           # the connection goes on: what may follow is asked on it, too
# after = "login"        # it comes on a connection that has been through the exchange of that name
# timeout_s = 5          # whoever takes longer for this request is let go; in [server], for all
# varies = "0000"        # this part is another for each client, and as long
"""


@click.command("init")
@click.argument("words", nargs=-1, metavar="[ADDRESS] [-- PROGRAM...]", type=click.UNPROCESSED)
@subject_options
@click.option(
    "--say",
    default="",
    metavar="TEXT",
    help="What a client says: 'hello\\n'. [default: what the server is found to answer]",
)
@examples_file
def init_command(words: tuple[str, ...], say: str, output: Path, force: bool, **given: Any) -> None:
    """Begin a file of examples for the check of a server, which is started and asked once.

    It is named as for 'sockproof check': ADDRESS, -- PROGRAM with {port}, or --server CLASS.
    """
    given["exchanges"] = None
    octets = asked_octets(say, "--say")
    refuse_existing(output, force=force)
    subject = prepared(asked_subject(words, given))
    heard = _heard(subject, octets)
    where = given["listens"] or (words[0] if words[1:] and is_address(words[0]) else "")
    text = "\n".join(
        [
            comment(f"Examples of what {subject.given} is asked, and answers.")
            + comment(f"Try them: sockproof check --exchanges {shlex.quote(str(output))}"),
            _server(subject, where, output),
            *_tls(subject, output),
            *_examples(heard, is_stream=subject.address.is_stream),
            _MORE_OF_EXCHANGE,
        ]
    )
    write_whole(output, text)
    warn(_told(output, heard))


def _heard(subject: Listener, say: bytes) -> Sequence[Heard]:
    """What it answers, once it is seen that it can be started, or reached.

    Raises:
        HarnessError: it cannot, or it does not answer what it is asked.
    """
    with own_folder(short_temporary_folder()) as folder:
        log = CaseLog()
        if not subject.argv:
            return _heard_at(subject.address, say, folder, log)
        with lived(subject, folder, log) as life:
            return _heard_at(life.address, say, folder, log)


def _heard_at(address: Address, say: bytes, folder: Path, log: CaseLog) -> Sequence[Heard]:
    if say:
        return _answered(address, say, folder, log)
    language = FirstWords().learned(address, folder, log)
    if language.name in _SILENT:
        return []
    return asked(address, b"" if language.name == _GREETS else language.say or LINE, folder, log)


def _answered(address: Address, say: bytes, folder: Path, log: CaseLog) -> Sequence[Heard]:
    """What it answers to that; a server with TLS may end the connection, or send an alert."""
    problem, heard = f"{address.words} answers nothing to {say[:40]!r}", list[Heard]()
    try:
        heard = asked(address, say, folder, log)
    except HarnessError as error:
        if not speaks_tls(address, log):
            raise
        problem = error.message
    if not any(one.answer for one in heard) and speaks_tls(address, log):
        raise HarnessError(problem, TRY_TLS)
    return heard


def _server(subject: Listener, where: str, output: Path) -> str:
    """The table of whom to check."""
    values: dict[str, str | Sequence[str]] = {}
    if served := subject.served:
        values["class"] = _beside(served.server, output)
        if served.handler:
            values["handler"] = _beside(served.handler, output)
        if served.interpreter:
            values["interpreter"] = served.interpreter
    elif subject.argv:
        values["command"] = _command(subject.argv)
    else:
        values["address"] = subject.address.words
    if where:
        values["address"] = where
    if subject.stop:
        values["stop"] = shlex.join(subject.stop)
    return table("server", values) + _more_of(subject)


def _tls(subject: Listener, output: Path) -> Iterator[str]:
    """How TLS is spoken, if it is; its files may be in another folder."""
    if terms := subject.address.tls:
        files = {"ca": terms.ca, "cert": terms.cert, "key": terms.key}
        told = {key: os.path.relpath(path, output.parent) for key, path in files.items() if path}
        yield table("tls", {**told, **({"name": terms.name} if terms.name else {})})


def _more_of(subject: Listener) -> str:
    """What else may be said of it; what is known by its name is made with what is its own."""
    is_made = subject.served and not subject.served.is_alone
    return _MORE_OF_SERVER * bool(subject.argv) + _MORE_OF_CLASS * bool(is_made)


def _beside(spec: str, output: Path) -> str:
    """A class of a file as the file of examples has it, which may be in another folder."""
    path, _, name = spec.rpartition(":")
    if not path.endswith(".py"):
        return spec
    found = expanded(path)
    if not found.is_absolute():
        found = Path(os.path.relpath(found, output.parent))
    return f"{found}:{name}"


def _command(argv: Sequence[str]) -> str | Sequence[str]:
    """In one text, where no word has to be quoted but for its places."""
    text = " ".join(argv)
    return text if shlex.split(text, comments=True) == list(argv) else list(argv)


def _examples(heard: Sequence[Heard], *, is_stream: bool) -> Iterator[str]:
    if not heard:
        yield comment("It was found to answer nothing by itself: fill in what it does answer.") + (
            Example("exchange-1", b"hello\n", b"HELLO\n").text
        )
    before: list[str] = []
    for one in heard:
        name = "exchange-1" if one.request else "greeting"
        keeps = one is not heard[-1] or (is_stream and _is_alike_again(one))
        yield _example(name, one, before, keeps=keeps).text
        before = [name]


def _is_alike_again(one: Heard) -> bool:
    """Whether the same is answered alike, once more."""
    return bool(one.again) and are_alike(MaskedOctets(one.answer), MaskedOctets(one.again))


def _example(name: str, one: Heard, after: Sequence[str], *, keeps: bool) -> Example:
    answers, pattern, remarks = [MaskedOctets(one.answer)], None, []
    if one.again != one.answer and _is_alike_again(one):
        answers.append(MaskedOctets(one.again))
    if answers[1:] or has_date(answers[0]):
        pattern = pattern_of(answers, to_end=one.to_end, dates=True)
        remarks = ["What looked like a date, or was another one, may differ."] if pattern else []
    return Example(
        name,
        one.request,
        None if pattern else one.answer,
        pattern,
        after,
        keeps,
        one.half_closes,
        one.to_end,
        remarks,
    )


def _told(output: Path, heard: Sequence[Heard]) -> str:
    if not heard:
        return f"{output} has an example to fill in: the server was found to answer nothing"
    return f"{output} has what the server answered; try it: sockproof check --exchanges {output}"
