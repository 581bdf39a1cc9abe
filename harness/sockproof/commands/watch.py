"""Stands between clients and a server, and writes what they said as a file of examples."""

from __future__ import annotations

from pathlib import Path

import click

from sockproof.check.listener import Address
from sockproof.commands.output import examples_file, free_file, open_console, refuse_existing, warn
from sockproof.errors import HarnessError
from sockproof.watch.datagram_relay import DatagramRelay
from sockproof.watch.drafting import ExampleDraft, Limits, draft
from sockproof.watch.masking import masks_of
from sockproof.watch.stream_relay import StreamRelay
from sockproof.watch.talk import Witnessed
from sockproof.watch.the_end import TheEnd, awaited_end
from sockproof.watch.whereabouts import listening, parse_listen, parse_to, refuse_nobody
from sockproof.whole_file import write_whole

__all__ = ["watch_command"]

_AN_OCTET = 1


class NothingSeen(HarnessError):
    """No example comes of what was seen."""

    exit_status = 5


@click.command("watch")
@click.option("--to", required=True, metavar="ADDRESS", help="The server: 127.0.0.1:9000.")
@click.option(
    "--listen",
    default="0",
    show_default=True,
    metavar="ADDRESS",
    help="Where clients come instead: a port (0 is any that is free), or an address of its kind.",
)
@examples_file
@click.option(
    "--mask",
    "masked",
    multiple=True,
    metavar="REGEX",
    help="Mask what matches it, or its groups if it has some. Repeat for several.",
)
@click.option(
    "--default-masks/--no-default-masks",
    default=True,
    help="Mask passwords, tokens, cookies and the like. [default: they are masked]",
)
@click.option(
    "--limit-octets",
    default=65536,
    show_default=True,
    type=click.IntRange(_AN_OCTET, 16 << 20),
    metavar="N",
    help="Leave out examples that are longer, request and answer together.",
)
@click.option(
    "--limit-exchanges",
    default=100,
    show_default=True,
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="Write so many examples at most.",
)
@click.option(
    "--allow-remote",
    multiple=True,
    metavar="HOST",
    help="A host beyond loopback that you may test, or where you let clients come from elsewhere.",
)
def watch_command(
    to: str,
    listen: str,
    output: Path,
    force: bool,
    masked: tuple[str, ...],
    default_masks: bool,
    limit_octets: int,
    limit_exchanges: int,
    allow_remote: tuple[str, ...],
) -> None:
    """Stand between clients and a server, and write what they say to each other as examples for
    'sockproof check --exchanges FILE'.

    ADDRESS is HOST:PORT, udp:HOST:PORT or unix:PATH. Octets are relayed as they are, until a Ctrl-C
    ends the watch.
    """
    server = parse_to(to, allow_remote)
    place = parse_listen(listen, server, allow_remote)
    masks = masks_of(masked, with_default=default_masks)
    refuse_existing(output, force=force)
    seen = Witnessed(limit_octets)
    with awaited_end() as end:
        refuse_nobody(server)
        _relay(place, server, seen, end, output)
        found = draft(seen, masks, Limits(limit_octets, limit_exchanges))
        if not found.examples:
            raise _nothing(seen, found)
        written = output if force else free_file(output)
        write_whole(written, found.text(server.words, seen))
    _tell(written, found, seen)


def _relay(place: Address, server: Address, seen: Witnessed, end: TheEnd, output: Path) -> None:
    with listening(place) as (own, at):
        told = f"{at.words} leads to {server.words}; Ctrl-C ends it and writes {output}"
        open_console(soft_wrap=True).print(told, markup=False)
        relay = StreamRelay if server.is_stream else DatagramRelay
        relay(own, server, seen).run(end)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _nothing(seen: Witnessed, found: ExampleDraft) -> NothingSeen:
    why = next(iter(found.left_out), "")
    if not seen.connections:
        return NothingSeen("nobody came, and nothing is written", "have a client come to the watch")
    told = f"{_counted(seen.connections, 'connection')}, and no example: nothing is written"
    if seen.refused == seen.connections:
        return NothingSeen(told, "the server was not there for any of them")
    return NothingSeen(told, f"what was left out: {why}" if why else "nobody was answered")


def _tell(written: Path, found: ExampleDraft, seen: Witnessed) -> None:
    parts = [
        f"{_counted(len(found.examples), 'exchange')} of "
        f"{_counted(seen.connections, 'connection')} in {written}",
        f"{found.masked} masked, which the server may refuse" if found.masked else "",
        "some were left out, as its first lines say" if found.left_out else "",
    ]
    warn("; ".join(filter(None, [*parts, f"try them: sockproof check --exchanges {written}"])))
