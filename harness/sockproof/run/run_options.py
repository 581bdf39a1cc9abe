"""The options of a run. Each stands here once: its field, its names on a command line, its help.

A command takes those that it names with :func:`run_options`, and gets a :class:`RunOptions`, which
the plan carries to the workers as it is. pytest in a checkout takes some of them, too.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from sockproof.generate.options import EXAMPLES, SEED, Generating

__all__ = ["RunOptions", "click_option", "run_options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _option(value: object, name: str, **settings: Any) -> Any:
    """A field with its value by default, and its option: a name, and ``settings`` as of click."""
    told = {"name": name, "settings": {"default": value, **settings}}
    return dataclasses.field(default=value, metadata=told)


def _workers(_context: click.Context, _option: click.Parameter, value: str) -> int | None:
    """None of ``auto``."""
    if value == "auto":
        return None
    if value.isdigit() and int(value) <= 64:
        return int(value)
    raise click.BadParameter(f"{value!r} is neither 'auto' nor a number up to 64")


def _shard(_context: click.Context, _option: click.Parameter, value: str) -> tuple[int, int]:
    """``2/5`` is the second of five parts."""
    number, slash, of = value.partition("/")
    if slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of) <= 1000:
        return int(number), int(of)
    raise click.BadParameter(f"{value!r} is not K/N, such as 2/5: the second of five parts")


@dataclass(frozen=True)
class RunOptions:
    """What the user asks of a run. ``shard`` is which part of the cases, of how many."""

    iuts: tuple[str, ...] = _option(
        (sys.executable,),
        "--iut",
        multiple=True,
        metavar="IUT",
        help="Implementation under test: an interpreter (python3.12, pypy3, a path), a module "
        "(mypackage.servers), a file (./my_socketserver.py), a server class of one "
        "(chat.py:ChatServer), any of these under another interpreter (my.py@python3.8), a command "
        "with blanks that starts a Python on this machine ('env DEBUG=1 python3'), or a .toml "
        "file. Repeat for several. [default: the running Python]",
    )
    specs: tuple[str, ...] = _option(
        (),
        "--spec",
        multiple=True,
        metavar="GLOB",
        help="Server specs to play, such as 'Threading*TCP/inet'. Repeat for several. "
        "[default: all]",
    )
    areas: tuple[str, ...] = _option(
        (),
        "--area",
        multiple=True,
        metavar="AREA",
        help="Areas to play, such as 'streams': the part of an id before the slash. Of 'socket' it "
        "is the socket module that is judged, and --iut names one (./my_socket.py, gevent.socket). "
        "Repeat for several. [default: all of socketserver]",
    )
    keyword: str = _option(
        "",
        "-k",
        metavar="EXPR",
        help="Cases to play, by parts of their id: 'dispatch/', 'forking and not abstract'.",
    )
    workers: int | None = _option(
        0,
        "-n",
        default="auto",
        metavar="N",
        callback=_workers,
        help="Worker processes, at most; 0 plays in this process. 'auto' is twice the cores, and 0 "
        "where few cases are selected. [default: auto]",
    )
    keep: str = _option(
        "fail",
        "--keep",
        type=click.Choice(("all", "fail", "none")),
        show_default=True,
        help="Of which cases the record keeps transcript and captured output: all, those that "
        "need attention, or none.",
    )
    only_what_is_there: bool = _option(
        False,
        "--only-what-is-there",
        is_flag=True,
        help="What a module lacks of socketserver's classes, and an interpreter of what the "
        "machine has, it lacks on purpose.",
    )
    report_dir: Path = _option(  # noqa: RUF009  # a field is what it makes
        Path("sockproof-report"),
        "--report-dir",
        type=click.Path(file_okay=False, path_type=Path),
        show_default=True,
        metavar="DIR",
        help="The folder that records and reports are written to.",
    )
    expectations: tuple[Path, ...] = _option(
        (),
        "--expectations",
        multiple=True,
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Deviations that are known, in TOML. Repeat for several. Those known of the modules "
        "of CPython and PyPy are always there.",
    )
    strict: bool = _option(
        False,
        "--strict",
        is_flag=True,
        help="An observation that differs from the reference record of the level is a deviation.",
    )
    isolate: bool = _option(
        False,
        "--isolate",
        is_flag=True,
        help="On Linux: play in namespaces of the run's own, without a network but loopback, with "
        "files that are read-only but for --report-dir. See SECURITY.md.",
    )
    shard: tuple[int, int] = _option(
        (1, 1),
        "--shard",
        default="1/1",
        metavar="K/N",
        callback=_shard,
        help="Play the K-th of N parts of the cases; 'sockproof report' puts the records together.",
    )
    seed: int = _option(
        SEED,
        "--seed",
        type=int,
        metavar="N",
        show_default=True,
        help="What generated plans of clients are made from: the same seed, the same plans.",
    )
    examples: int = _option(
        EXAMPLES,
        "--examples",
        type=int,
        metavar="N",
        show_default=True,
        help="Generated plans that each case of the area 'generated' plays; walks of sockets.",
    )

    @property
    def generating(self) -> Generating:
        """How plans of clients are generated.

        Raises:
            UsageError: no case would have a plan.
        """
        return Generating(self.seed, self.examples)

    @property
    def most_workers(self) -> int:
        """As asked, or twice the cores: a case waits more than it computes."""
        return 2 * (os.cpu_count() or 1) if self.workers is None else self.workers

    def selection(self) -> dict[str, Any]:
        """What a record says of how its cases were selected and played."""
        return {
            "select": self.keyword,
            "specs": list(self.specs),
            **({"areas": list(self.areas)} if self.areas else {}),
            "workers": self.most_workers,
            "shard": "/".join(map(str, self.shard)),
            "examples": self.examples,
        }


_FIELDS = {field.name: field for field in dataclasses.fields(RunOptions)}


def click_option(name: str, **changes: Any) -> Callable[[_Command], _Command]:
    """The option of one field, but for the settings that a command has otherwise."""
    told = _FIELDS[name].metadata
    return click.option(told["name"], name, **{**told["settings"], **changes})


def run_options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of these fields, or of all: a command gets them as its first argument."""
    chosen = names or tuple(_FIELDS)

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def called(**given: Any) -> Any:
            options = RunOptions(**{name: given.pop(name) for name in chosen})
            return command(options, **given)

        for name in reversed(chosen):
            called = click_option(name)(called)
        return called

    return decorate
