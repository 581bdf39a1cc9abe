"""The benchmark: what a case costs, as a ratio to an echo over bare sockets in the same run.

Machines are shared and noisy: a figure means something only beside the floor measured with it.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from sockproof.case.case_run import CaseRun
from sockproof.case.handler_script import Echo, ReadLine
from sockproof.case.server_options import ServerOptions
from sockproof.commands.output import open_console
from sockproof.iut.addresses import Addresses
from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.implementation import parse_iut
from sockproof.iut.pool import AgentPool
from sockproof.iut.server import Server
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.matrix import ALL_SPECS, ServerSpec, spec_by_id
from sockproof.spec.requirement import Requirement

__all__ = ["bench_command"]

_REQUIREMENT = "streams/whole-message-echo"
_LINE = b"benchmark\n"


@click.command("bench")
@click.option(
    "--iut",
    "given",
    default=sys.executable,
    metavar="IUT",
    help="The implementation, as for run. [default: the running Python]",
)
@click.option("--cases", default=300, show_default=True, help="Cases for each figure.")
@click.option("-n", "workers", default=2, show_default=True, help="Worker processes.")
def bench_command(given: str, cases: int, workers: int) -> None:
    """Measure what a case costs beside an echo over bare sockets."""
    console = open_console()
    iut = probe(parse_iut(given))
    floor_s = _floor_s(cases)
    console.print(f"  {iut.id}, {cases} cases each, {os.cpu_count()} cores")
    console.print(f"  floor: connect, echo, close over bare sockets   {floor_s * 1e3:8.3f} ms")
    for spec_id in ("TCP/inet", "ThreadingTCP/inet", "ForkingTCP/inet", "UDP/inet"):
        median_s = statistics.median(_play(iut, [spec_by_id(spec_id)], cases))
        name = f"one warm case on {spec_id}, median"
        console.print(f"  {name:47} {median_s * 1e3:8.3f} ms  {median_s / floor_s:6.1f} × floor")
    rate = _rate(iut, cases, workers)
    name = f"all server specs, {workers} workers"
    console.print(f"  {name:47} {rate:8.0f} cases/s")


def _floor_s(count: int) -> float:
    """Median of one connect, echo and close against an accept loop in another process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pid = os.fork()
        if pid == 0:
            _accept_loop(listener, count)
        address = listener.getsockname()
        median_s = statistics.median(_timed(lambda: _echo(address)) for _ in range(count))
        os.waitpid(pid, 0)
    return median_s


def _accept_loop(listener: socket.socket, count: int) -> None:
    try:
        for _ in range(count):
            connection = listener.accept()[0]
            connection.sendall(connection.recv(100))
            connection.close()
    finally:
        os._exit(0)


def _echo(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as client:
        client.sendall(_LINE)
        client.recv(100)


def _timed(action: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    action()
    return time.perf_counter() - began_s


def _play(iut: ProbedIut, specs: list[ServerSpec], count: int) -> list[float]:
    """Play ``count`` cases over the specs in turn, each written to a record; seconds of each."""
    pool = AgentPool()
    with TemporaryDirectory(dir="/tmp") as name, (Path(name) / "rows").open("w") as record:
        addresses = Addresses(Path(name))

        requirement = load_catalogue()[_REQUIREMENT]

        def one(spec: ServerSpec) -> None:
            row = _case(requirement, iut, spec, pool, addresses)
            record.write(json.dumps(row) + "\n")

        try:
            one(specs[0])  # warms the agent up
            return [_timed(partial(one, specs[n % len(specs)])) for n in range(count)]
        finally:
            pool.close()


def _case(
    requirement: Requirement,
    iut: ProbedIut,
    spec: ServerSpec,
    pool: AgentPool,
    addresses: Addresses,
) -> dict[str, object]:
    """One echo, whole: process, server, peer, stop, accounting, verdict, row."""
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
    peer.connect(server).send(_LINE).expect(_LINE).expect_end()
    return run.row(None, run.end(None), "fail").to_json()


def _rate(iut: ProbedIut, count: int, workers: int) -> float:
    """Cases a second of all usable specs over so many processes at once."""
    specs = [spec for spec in ALL_SPECS if not iut.capabilities.missing(spec)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        list(pool.map(_play, [iut] * workers, [specs] * workers, [1] * workers))
        began_s = time.perf_counter()
        list(pool.map(_play, [iut] * workers, [specs] * workers, [count] * workers))
        return count * workers / (time.perf_counter() - began_s)
