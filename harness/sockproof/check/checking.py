"""Plays the invariants on a subject: on a server that is there one after the other, on lives of a
program side by side."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sockproof.check.case_groups import in_groups
from sockproof.check.first_words import FirstWords
from sockproof.check.interruptible import hear_interrupts
from sockproof.check.invariants.table import Play
from sockproof.check.language import Language
from sockproof.check.listener import Address, Listener
from sockproof.check.not_listening import InBackground, in_background
from sockproof.check.own_network import enter_network
from sockproof.check.played_row import told_row
from sockproof.check.program_life import ProgramLife, lived
from sockproof.check.scene import Manners, Scene
from sockproof.check.service.exchanges import NONE, Exchanges
from sockproof.errors import HarnessError
from sockproof.iut.case_log import CaseLog
from sockproof.iut.started import side_by_side
from sockproof.judge.checks import Mismatch, NotApplicable
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from sockproof.run.lifetime import interrupted
from sockproof.spec.case_id import CaseId

__all__ = ["Check"]

_SIDE_BY_SIDE = 8
_ANSWERS_WITHIN_S = 2.0
Told = Callable[[CaseRow], None]
Confirmed = Callable[[CaseRow, Language, str], CaseRow]
Suspected = Callable[[CaseId, Language], object]


def _nothing(_case: CaseId, _language: Language) -> None:
    pass


def _as_it_is(row: CaseRow, _language: Language, _gone: str) -> CaseRow:
    return row


@dataclass(frozen=True)
class Check:
    """One check: what is judged, how it is treated, and what it is said to answer to. ``confirm``
    is given each row, what the server speaks, and why it is gone if it is, and has it looked at
    once more before it is told. ``begins`` is told of each play before it is played, ``suspect`` of
    each that seems to fail, while that is waited for. ``language`` is what it is known to speak, if
    it is."""

    subject: Listener
    manners: Manners
    folder: Path
    say: bytes = b""
    expect: bytes = b""
    exchanges: Exchanges = NONE
    confirm: Confirmed = _as_it_is
    language: Language | None = None
    begins: Callable[[Play], object] = str
    suspect: Suspected = _nothing

    def play(self, plays: Sequence[Play], tell: Told) -> Language:
        """Play them, and tell each row as it comes; what the server was found to speak.

        Raises:
            HarnessError: the server cannot be reached, or the program does not come to listen.
        """
        groups, log = in_groups(plays, self._side_by_side), CaseLog()
        if not self.subject.argv:
            language = self.language or self._learn(self.subject.address, log)
            known, never = set[str](), threading.Event()
            for group in groups:
                self._play_group(group, self._scene(language, known), tell, never)
            return language
        hear_interrupts()
        language = self.language or self._learn_of_life(log)
        lock, known = threading.Lock(), set()

        def tell_one(row: CaseRow) -> None:
            with lock:
                tell(row)

        over = threading.Event()
        try:
            side_by_side(
                lambda group: self._play_group(group, self._scene(language, known), tell_one, over),
                groups,
                self._side_by_side,
            )
        finally:
            over.set()
        return language

    def _learn_of_life(self, log: CaseLog) -> Language:
        with lived(self.subject, self.folder, log) as life:
            try:
                language = self._learn(life.address, log)
            except HarnessError:
                _see_in_foreground(life)
                if not life.ends(_ANSWERS_WITHIN_S):
                    raise
                told = f"it ended with status {life.status} after its first clients"
                hint = "what serves one client and ends, is no server to be checked"
                told = f"{self.subject.given}: {told}: {life.last_words}"
                raise HarnessError(told, hint) from None
            # Who has left it to a child that answers is about to end, or waits for that child.
            life.comes_to_rest(_ANSWERS_WITHIN_S)
            _see_in_foreground(life)
            return language

    def _learn(self, address: Address, log: CaseLog) -> Language:
        words = FirstWords(self.say, self.expect, self.exchanges)
        return words.learned(address, self.folder, log)

    @property
    def _side_by_side(self) -> int:
        """A program that has an address of its own lives there once at a time."""
        return _SIDE_BY_SIDE if self.subject.is_told_its_place else 1

    def _scene(self, language: Language, known: set[str]) -> Scene:
        return Scene(
            self.subject.address,
            language,
            self.folder,
            subject=self.subject,
            manners=self.manners,
            known=known,
        )

    def _play_group(
        self, group: Sequence[Play], scene: Scene, tell: Told, over: threading.Event
    ) -> None:
        """One after the other, in one life of the program as long as it lasts."""
        self._leave_others()
        scene.suspected = partial(self._suspect, [play.case for play in group], scene)
        with ExitStack() as lives:
            for play in group:
                if over.is_set() or interrupted():
                    return
                why = play.invariant.why_not(self.subject) or scene.gone
                if not why and self.subject.argv and play.needs_life(scene):
                    self._see_to_life(scene, lives)
                row = self._row(play, scene, why)
                if interrupted():  # which has ended the server, and shortened waits
                    return
                _see_in_foreground(scene.life)
                if row.verdict is Verdict.FAIL:
                    self._recover(scene, lives, row.requirement)
                self._tell(row, scene, tell)

    def _suspect(self, played: Sequence[CaseId], scene: Scene, requirement: str) -> None:
        """Something seems to be wrong, in the case that is played, or in one that is judged by the
        same play."""
        for case in played:
            if case.requirement == requirement and case.variant == scene.case.variant:
                self.suspect(case, scene.language)

    def _tell(self, row: CaseRow, scene: Scene, tell: Told) -> None:
        """As it was confirmed, or as it is if an interrupt comes meanwhile."""
        try:
            confirmed = self.confirm(row, scene.language, scene.gone)
        except KeyboardInterrupt:
            tell(row)
            raise
        tell(confirmed)

    def _leave_others(self) -> None:
        """What this thread does from now on is in a network of its own, if it is to be."""
        if self.subject.is_apart:
            enter_network()

    def _see_to_life(self, scene: Scene, lives: ExitStack) -> None:
        """Another life where there is none, or it is over, or busy with who has left: each case
        begins with a server at rest, where that can be had."""
        if scene.life is None or scene.life.status is not None or scene.is_busy():
            lives.close()
            self._leave_others()
            life: ProgramLife = lives.enter_context(lived(self.subject, self.folder, CaseLog()))
            scene.begin_life(life)

    def _recover(self, scene: Scene, lives: ExitStack, requirement: str) -> None:
        """After a failure a program gets another life. Of a server that is not ours it is seen
        whether it goes on."""
        if self.subject.argv:
            lives.close()
            return
        try:
            scene.ask("is it there", _ANSWERS_WITHIN_S)
        except (Mismatch, HarnessError):
            scene.gone = f"the server answers nobody any more, since {requirement}"
        finally:
            scene.close_clients()

    def _row(self, play: Play, scene: Scene, why_not: str) -> CaseRow:
        scene.log, scene.observed, scene.generated = CaseLog(), {}, None
        scene.case = play.case
        self.begins(play)
        began_s, problem, trace = time.monotonic(), None, ""
        try:
            if why_not:
                raise NotApplicable(why_not)
            play.invariant.play(scene, play.case.variant)
        except InBackground:
            raise
        except (AssertionError, Exception) as error:
            problem, trace = error, traceback.format_exc()
            _tell_end(problem, scene.has_ended)
        finally:
            scene.close_clients()
        return told_row(play.case, scene, problem, trace, time.monotonic() - began_s)


def _see_in_foreground(life: ProgramLife | None) -> None:
    """Whoever leaves it to another process is not judged: what we see of that one is not all.

    Raises:
        InBackground: it has ended, and the other one listens.
    """
    if life is not None and (pid := life.listens_as):
        raise in_background(life, pid)


def _tell_end(problem: BaseException, ended: str) -> None:
    """Whatever was seen of a program that has ended, its end is why."""
    if ended and isinstance(problem, Mismatch) and ended not in problem.actual:
        problem.actual = f"{problem.actual}; {ended}"
