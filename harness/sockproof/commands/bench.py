"""The benchmark: what a case costs, as ratios to what is measured by hand in the same run.

Machines are shared and noisy: a figure means something only beside the floor measured with it.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timezone
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import click
from rich.console import Console

from sockproof.case.case_run import CaseRun
from sockproof.case.handler_script import Echo, ReadLine
from sockproof.case.server_options import ServerOptions
from sockproof.commands.bench_page import bench_html
from sockproof.commands.costs import Cost, Figures, machine
from sockproof.commands.floors import LINE, bare_echo_s, plain_server_s, timed
from sockproof.commands.output import open_console
from sockproof.commands.run import refuse_unwritable
from sockproof.iut.addresses import Addresses
from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.implementation import parse_iut
from sockproof.iut.pool import AgentPool
from sockproof.iut.server import Server
from sockproof.output_folder import OutputFolder
from sockproof.own_folder import own_folder
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.matrix import ALL_SPECS, ServerSpec, spec_by_id
from sockproof.spec.requirement import Requirement

__all__ = ["bench_command"]

_REQUIREMENT = "streams/whole-message-echo"
_SPECS = ("TCP/inet", "ThreadingTCP/inet", "ForkingTCP/inet", "UDP/inet")
# So many servers by hand are enough for a median, and soon made.
_BY_HAND = 300


@click.command("bench")
@click.option(
    "--iut",
    "given",
    multiple=True,
    metavar="IUT",
    help="An implementation, as for run. Repeat for several. [default: the running Python]",
)
@click.option(
    "--cases",
    default=300,
    show_default=True,
    type=click.IntRange(min=1),
    help="Cases for each figure.",
)
@click.option(
    "-n",
    "workers",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Worker processes.",
)
@click.option(
    "--report-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write bench.json and bench.html there, too.",
)
def bench_command(given: Sequence[str], cases: int, workers: int, report_dir: Path | None) -> None:
    """Measure what a case costs beside bare sockets, and beside a server made by hand."""
    if report_dir:
        refuse_unwritable(report_dir)
    console = open_console()
    figures = [
        _measured(console, probe(parse_iut(text)), cases, workers)
        for text in given or [sys.executable]
    ]
    if report_dir:
        _write(figures, report_dir)
        console.print(f"  report  {report_dir / 'bench.html'}", soft_wrap=True)


def _measured(console: Console, iut: ProbedIut, cases: int, workers: int) -> Figures:
    """Measure one implementation, and print each figure as soon as it is there."""
    console.print(f"  {iut.id}, {cases} cases each, {os.cpu_count()} cores")
    floor_s = bare_echo_s(cases)
    _print(console, "connect, echo, close over bare sockets", floor_s)
    by_hand = plain_server_s(iut.implementation, min(cases, _BY_HAND))
    _print(console, "a server by hand: made, asked once, stopped", *by_hand["plain"])
    _print(console, "the same, in a process forked for it", *by_hand["forked"])
    costs: dict[str, Cost] = {}
    for spec_id in _SPECS:
        costs[spec_id] = _play(iut, [spec_by_id(spec_id)], cases)
        _print_cost(console, spec_id, costs[spec_id], by_hand["plain"][0])
    rate = _rate(iut, cases, workers)
    console.print(f"  {f'all server specs, {workers} workers':43} {rate:8.0f} cases/s")
    return Figures(iut.id, cases, floor_s, by_hand, costs, workers, rate)


def _write(figures: Sequence[Figures], folder: Path) -> None:
    day = datetime.now(timezone.utc).date().isoformat()
    told = {"machine": machine(), "day": day, "figures": [one.to_json() for one in figures]}
    output = OutputFolder(folder)
    output.write("bench.json", json.dumps(told, indent=2) + "\n")
    output.write("bench.html", bench_html(figures, machine(), day))


def _print(console: Console, name: str, wall_s: float, processor_s: float | None = None) -> None:
    processor = "" if processor_s is None else f", {processor_s * 1e3:.3f} ms of a processor"
    console.print(f"  {name:43} {wall_s * 1e3:8.3f} ms{processor}", soft_wrap=True)


def _print_cost(console: Console, spec_id: str, cost: Cost, plain_s: float) -> None:
    _print(console, f"a warm case on {spec_id}", cost.wall_s, cost.processor_s)
    told = ", ".join(f"{name} {seconds * 1e3:.3f}" for name, seconds in cost.parts.items())
    ratio = f"{cost.wall_s / plain_s:8.1f} × by hand, {cost.round_trips:.1f} round trips"
    console.print(f"  {'':43} {ratio}; of a processor: {told}", soft_wrap=True)


def _play(iut: ProbedIut, specs: list[ServerSpec], count: int) -> Cost:
    """Play ``count`` cases over the specs in turn, each written to a record."""
    pool = AgentPool()
    with own_folder("/tmp") as place, (place / "rows").open("w") as record:
        addresses = Addresses(place)
        requirement = load_catalogue()[_REQUIREMENT]
        asked: list[int] = []

        def one(spec: ServerSpec) -> None:
            row, round_trips = _case(requirement, iut, spec, pool, addresses)
            record.write(json.dumps(row) + "\n")
            asked.append(round_trips)

        try:
            one(specs[0])  # warms the agent up
            channel = pool.channel(iut.implementation)
            before = (time.process_time(), *channel.usage_s())
            walls_s = [timed(partial(one, specs[n % len(specs)])) for n in range(count)]
            after = (time.process_time(), *channel.usage_s())
        finally:
            pool.close()
    spent_s = ((b - a) / count for a, b in zip(before, after, strict=True))
    return Cost(walls_s, statistics.mean(asked), *spent_s)


def _case(
    requirement: Requirement,
    iut: ProbedIut,
    spec: ServerSpec,
    pool: AgentPool,
    addresses: Addresses,
) -> tuple[dict[str, object], int]:
    """One echo, whole: process, server, peer, stop, accounting, verdict, row; and how many commands
    were answered."""
    run = CaseRun(
        f"{requirement.id}[{spec.id}]",
        requirement,
        iut,
        spec,
        lambda: pool.channel(iut.implementation),
        addresses,
    )
    server = run.construct(ServerOptions([ReadLine(), Echo()]), serve=True)
    assert isinstance(server, Server)
    peer = run.new_stream_peer() if spec.is_stream else run.new_datagram_peer()
    peer.connect(server).send(LINE).expect(LINE).expect_end()
    row = run.row(None, run.end(None), "fail").to_json()
    return row, server.process.round_trips


def _rate(iut: ProbedIut, count: int, workers: int) -> float:
    """Cases a second of all usable specs over so many processes at once."""
    specs = [spec for spec in ALL_SPECS if not iut.capabilities.missing(spec)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        list(pool.map(_play, [iut] * workers, [specs] * workers, [1] * workers))
        began_s = time.perf_counter()
        list(pool.map(_play, [iut] * workers, [specs] * workers, [count] * workers))
        return count * workers / (time.perf_counter() - began_s)
