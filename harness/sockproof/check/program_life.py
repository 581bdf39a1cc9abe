"""A program that is checked, from its start to its end, with all that it starts itself."""

from __future__ import annotations

import contextlib
import itertools
import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from sockproof.check.chosen_place import chosen_address, placed
from sockproof.check.listener import Address, Listener
from sockproof.check.not_listening import not_listening
from sockproof.check.owners import owners_of, tasks_of, tree_of, works
from sockproof.check.sockets import is_bound
from sockproof.errors import HarnessError, IutUnavailable
from sockproof.iut.agent.looking import is_dead
from sockproof.iut.case_log import CaseLog
from sockproof.iut.started import take_down
from sockproof.iut.strays import AGENT_MARK, carriers, end_strays, new_mark
from sockproof.iut.survivor import keep
from sockproof.timing import start_bound_s

__all__ = ["ProgramLife", "lived", "outer_environment"]

_LOOK_S = 0.01
_TRIES = 5
_DUMPS_WITHIN_S = 5.0
_KEPT_CHARACTERS = 1_000_000
# What we have set for ourselves: a program finds the modules beside it.
_OURS = "PYTHONSAFEPATH"
_IN_USE = ("address already in use", "eaddrinuse", "errno 98", "errno 48")
_SERIAL = itertools.count(1)


def outer_environment() -> dict[str, str]:
    """The variables that a user's program finds: ours, without what we set for ourselves."""
    return {name: value for name, value in os.environ.items() if name != _OURS}


class ProgramLife:
    """One life of a program, which is told ``address``; its files are in ``folder``.

    ``log`` has what becomes of it. Whoever starts it ends it; ``is_over`` once that has begun.

    Raises:
        IutUnavailable: it cannot be started.
    """

    def __init__(self, subject: Listener, address: Address, folder: Path, log: CaseLog) -> None:
        self.subject, self.address, self.log = subject, address, log
        self.is_over = self._is_told_to_end = False
        self._mark = new_mark()
        self._printed = folder / f"printed-{next(_SERIAL)}"
        log.note("program", "start", note=self.words)
        words = placed(subject.argv, address)
        # Python then tells where it stood when it is ended by SIGABRT; other programs do not care.
        variables = {"PYTHONFAULTHANDLER": "1", "PYTHONUNBUFFERED": "1", AGENT_MARK: self._mark}
        try:
            keep()
            with self._printed.open("wb") as printed:
                self._popen = subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=subprocess.STDOUT,
                    env={**outer_environment(), **variables},
                    start_new_session=True,
                )
        except (OSError, ValueError) as error:
            why = (error.strerror or "").lower() if isinstance(error, OSError) else error
            hint = "give a program that can be started, and its words"
            raise IutUnavailable(f"cannot start {words[0]!r}: {why}", hint) from None
        take_down(self._popen)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def words(self) -> str:
        """What was started, for a reader."""
        told = shlex.join(placed(self.subject.argv, self.address))
        return self.subject.given if self.subject.served else told

    @property
    def printed(self) -> str:
        """What it has printed, the last of it where that is long."""
        with contextlib.suppress(OSError):
            return self._printed.read_text("utf-8", "replace")[-_KEPT_CHARACTERS:]
        return ""

    @property
    def printed_octets(self) -> int:
        """How much it has printed so far."""
        return self._printed.stat().st_size

    @property
    def last_words(self) -> str:
        """The last line that it printed."""
        lines = [line for line in self.printed.splitlines() if line.strip()]
        return lines[-1].strip() if lines else "it printed nothing"

    @property
    def status(self) -> int | None:
        """What it ended with; None while it lives."""
        return self._popen.poll()

    @property
    def goes_on_as(self) -> list[int]:
        """Who goes on of it though it has ended itself: such as a daemon."""
        return [pid for pid in carriers(AGENT_MARK, self._mark) if not is_dead(pid)]

    @property
    def listens_as(self) -> int:
        """The process that goes on and listens, though it has ended itself, well and unasked; or
        0."""
        ended = self.status == 0 and not self._is_told_to_end and not self.is_over
        return max(self.goes_on_as, default=0) if ended and is_bound(self.address) else 0

    @property
    def lost_its_port(self) -> bool:
        """Whether it ended since somebody else has the port that was chosen for it."""
        return self.status is not None and any(word in self.printed.lower() for word in _IN_USE)

    def comes_to_listen(self, bound_s: float, or_else: Callable[[], bool] = bool) -> bool:
        """Wait until it listens, or has bound its socket of datagrams; false if it ended, or
        something else came to be."""
        self._comes(lambda: is_bound(self.address) or or_else(), bound_s)
        return is_bound(self.address) and self.status is None

    def comes_to_rest(self, bound_s: float) -> None:
        """Wait until its first process waits for something, or has ended."""
        self._comes(lambda: not any(map(works, tasks_of(self.pid))), bound_s)

    def _comes(self, condition: Callable[[], object], bound_s: float) -> bool:
        limit_s, pause = time.monotonic() + bound_s, threading.Event()
        while not condition():
            if self.status is not None or time.monotonic() > limit_s:
                return False
            pause.wait(_LOOK_S)
        return True

    def interrupt(self) -> None:
        """As Ctrl-C at its terminal does: all of its group are told, for what was started may be
        a shell, or another program that starts the server."""
        self._is_told_to_end = True
        self.log.note("program", "interrupt", note="SIGINT, as Ctrl-C sends it")
        if self.status is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGINT)

    def ends(self, bound_s: float) -> bool:
        """Wait for its end; whether it came."""
        try:
            status = self._popen.wait(bound_s)
        except subprocess.TimeoutExpired:
            self.log.note("program", "goes on", note=f"{bound_s:g} s later")
            return False
        self.log.note("program", "ended", note=f"status {status}")
        return True

    def leaves_nobody(self, bound_s: float) -> bool:
        """Wait until nobody lives whom it has started; whether that came."""
        pause, limit_s = threading.Event(), time.monotonic() + bound_s
        while any(not is_dead(pid) for pid in carriers(AGENT_MARK, self._mark)):
            if time.monotonic() > limit_s:
                return False
            pause.wait(_LOOK_S)
        return True

    def stop(self, bound_s: float) -> bool:
        """End it as it is to be ended: by its command, or by an interrupt; whether it ended."""
        if not self.subject.stop:
            self.interrupt()
            return self.ends(bound_s)
        self._is_told_to_end = True
        words = placed(self.subject.stop, self.address)
        self.log.note("program", "stop", note=shlex.join(words))
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                words,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=bound_s,
                env=outer_environment(),
            )
        return self.ends(bound_s)

    def dump(self) -> str:
        """End it so that it tells, if it is a Python, where its threads stand; all it printed.
        Children go first, one after the other: each tells as a whole."""
        self.log.note("program", "signal SIGABRT", note="to see where its threads stand")
        self.is_over = True
        for pid in reversed(tree_of(self.pid)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGABRT)
                self._comes(partial(is_dead, pid), _DUMPS_WITHIN_S)
        return self.printed

    def kill(self) -> None:
        """End it and all that came of it, whatever they are at."""
        self.is_over = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        end_strays(AGENT_MARK, self._mark)


@contextlib.contextmanager
def lived(
    subject: Listener,
    folder: Path,
    log: CaseLog,
    address: Address | None = None,
    or_else: Callable[[], bool] = bool,
) -> Iterator[ProgramLife]:
    """A life that listens, and is over at the end of the block. Where somebody else was quicker to
    take the port that was chosen, another is. It is not waited for when ``or_else`` comes to be.

    Raises:
        HarnessError: it ends before it listens. NeverListens: it does not, and does not end.
    """
    for _ in range(_TRIES):
        life = ProgramLife(subject, address or chosen_address(subject, folder), folder, log)
        try:
            listens = life.comes_to_listen(start_bound_s(), or_else)
            if listens and _is_its_own(life):
                log.note("program", "listens", note=life.address.words)
                yield life
                return
            is_chosen = not address and subject.is_told_its_place
            if not (is_chosen and (life.lost_its_port or listens)):
                raise not_listening(life, listens)
        finally:
            life.kill()
    raise HarnessError(f"no port stays free for {subject.given}", "name one with --listens")


def _is_its_own(life: ProgramLife) -> bool:
    """Whether it is the program that listens there, as far as that can be seen."""
    below = set(tree_of(life.pid))
    owners = owners_of(life.address, below)
    return not owners or bool(owners & below)
