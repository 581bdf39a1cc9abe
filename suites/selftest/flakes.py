"""Hunts tests that pass now and fail then: plays the selftests again and again, each time in
another order and beside busy processes, and names every test that was not the same in all runs.

``make flakes`` does so; ``python -m suites.selftest.flakes --runs 20 -- -k proof``.

===========  ==================================================================
exit status
===========  ==================================================================
0            every test was the same in all runs, and passed or was skipped
1            some test was not, or failed in all
2            a wrong option
3            some run could not be played, or the hunt was interrupted, or no
             test was played at all; comes before 1
===========  ==================================================================
"""

from __future__ import annotations

import contextlib
import os
import random
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from sockproof.run.lifetime import Interrupt, interrupt_once_by
from suites.selftest.outcomes import SKIPPED, Run, Story, read_outcomes, stories
from suites.selftest.runs import AS_IN_A_TERMINAL

__all__ = ["INCOMPLETE", "KEPT", "NOT_THE_SAME", "SAME", "status_of"]

SAME, NOT_THE_SAME, INCOMPLETE = 0, 1, 3
_PLAYED = (0, 1)
"""pytest's exit statuses when it played what it selected."""
KEPT = Path("reports", "out", "flakes")
_INTERRUPTED = "interrupted"
_RUN_S = 3600
_ENDS_WITHIN_S = 60
_SPIN = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): pass"
"""Ends by itself when whoever started it has died without a word."""


@dataclass(frozen=True)
class Game:
    """What is played: pytest's arguments, where, and where the JUnit of each run is kept."""

    root: Path
    arguments: tuple[str, ...]
    kept: Path

    def command(self, seed: int) -> list[str]:
        """What plays it in one order."""
        order = ["--random-order", f"--random-order-seed={seed}"]
        return [sys.executable, "-m", "pytest", *self.arguments, *order]

    def play(self, number: int, seed: int) -> Run:
        """Play it once."""
        name = self.kept / f"run-{number:02}"
        junit, printed = name.with_suffix(".xml"), name.with_suffix(".txt")
        command = [*self.command(seed), f"--junitxml={junit}"]
        with printed.open("wb") as output:
            problem = _run(command, self.root, output.fileno())
        outcomes = read_outcomes(junit)
        if not problem and not outcomes:
            problem = "it played no test"
        if problem and problem is not _INTERRUPTED:
            last = printed.read_text("utf-8", "replace").strip().splitlines()[-3:]
            problem = "\n    ".join([f"{problem}; {printed} ends with", *last])
        return Run(seed, outcomes, problem)


def _run(command: Sequence[str], folder: Path, output: int) -> str:
    """Run pytest in a process group of its own; what kept it from playing all."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    process = subprocess.Popen(
        [sys.executable, "-c", AS_IN_A_TERMINAL, *command],
        cwd=folder,
        env=kept,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        status = process.wait(_RUN_S)
        return "" if status in _PLAYED else f"pytest ended with {status}"
    except subprocess.TimeoutExpired:
        return f"it was not over after {_RUN_S} s"
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)  # it writes down what it has played
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_ENDS_WITHIN_S)
        return _INTERRUPTED
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def busy(number: int) -> Iterator[None]:
    """Processes that do nothing, as fast as they can."""
    with contextlib.ExitStack() as ends:
        for _ in range(number):
            spinning = subprocess.Popen(
                [sys.executable, "-c", _SPIN, str(os.getpid())],
                start_new_session=True,  # Ctrl-C is for us, who kill them
            )
            ends.callback(spinning.wait)
            ends.callback(spinning.kill)
        yield


def hunt(game: Game, seeds: Sequence[int], spinning: int) -> int:
    """Play the game in as many orders as there are seeds, and tell what was not the same."""
    runs: list[Run] = []
    with contextlib.suppress(Interrupt), busy(spinning):
        for number, seed in enumerate(seeds, 1):
            run = game.play(number, seed)
            runs.append(run)
            _tell_run(run, number, len(seeds))
            if run.problem == _INTERRUPTED or not runs[0].outcomes:
                break
    told = stories(runs)
    _tell(game, told)
    return status_of(told, runs, len(seeds))


def status_of(told: Sequence[Story], runs: Sequence[Run], wanted: int) -> int:
    """The exit status, and in a line each what is missing for a better one."""
    played = sum(not run.problem for run in runs)
    nothing = all(set(story.seeds) == {SKIPPED} for story in told)
    if played < wanted:
        click.echo(f"incomplete: {played} of {wanted} runs were played to their end")
    if nothing:
        click.echo("incomplete: no test was played")
    if nothing or played < wanted:
        return INCOMPLETE
    return SAME if all(story.is_good for story in told) else NOT_THE_SAME


def _tell_run(run: Run, number: int, of: int) -> None:
    click.echo(f"run {number} of {of}  seed {run.seed}  {run.count()}")
    if run.problem:
        click.echo(f"  could not be played: {run.problem}")
    for story in stories([run]):
        if not story.is_good:
            click.echo(f"  {story.test}  {', '.join(story.seeds)}")


def _tell(game: Game, told: Sequence[Story]) -> None:
    bad = [story for story in told if not story.is_good]
    for story in bad:
        click.echo("\n".join(["", *story.words()]))
    if bad:
        again = shlex.join(game.command(0)).removesuffix("0")
        click.echo(f"\nin the same order again\n  {again}SEED")
    click.echo(f"\n{len(told)} tests: {len(bad)} not the same in all runs, or failed in all")
    click.echo(f"what each run said is in {game.kept}")


@click.command()
@click.option("--runs", type=click.IntRange(min=2), default=20, help="how often to play")
@click.option("--workers", default="2", help="worker processes of each run")
@click.option("--seed", type=int, help="of the first order; the next has the next")
@click.option("--tests", default="suites/selftest", help="what to play")
@click.option(
    "--busy",
    "spinning",
    type=click.IntRange(min=0),
    default=2,
    help="processes beside it that spin",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def main(
    runs: int,
    workers: str,
    seed: int | None,
    tests: str,
    spinning: int,
    arguments: tuple[str, ...],
) -> None:
    """Play the selftests in many orders; ARGUMENTS, after --, are for pytest."""
    interrupt_once_by(signal.SIGINT, signal.SIGTERM)
    kept = Path.cwd() / KEPT
    kept.mkdir(parents=True, exist_ok=True)
    for old in kept.glob("run-*"):
        old.unlink(missing_ok=True)
    first = random.randrange(1_000_000) if seed is None else seed
    given = (tests, f"-n{workers}", "--dist=worksteal", "-pno:cacheprovider", *arguments)
    sys.exit(hunt(Game(Path.cwd(), given, kept), range(first, first + runs), spinning))


if __name__ == "__main__":
    main()
