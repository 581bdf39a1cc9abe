"""Temporary folders of processes that are no more are removed by the next one, and no others."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sockproof.own_folder import make_folder, own_folder, remove_folder
from sockproof.whole_file import write_whole
from suites.selftest.runs import (
    DEADLINE_S,
    HANDLED,
    Mark,
    environment,
    living,
    play,
    started,
    wait_until,
)

OWNER = """
import signal, sys
from sockproof.own_folder import make_folder

folder = make_folder(sys.argv[1])
(folder / "w" ).mkdir()
(folder / "w" / "s1").write_text("socket")
print(folder, flush=True)
signal.pause()
"""


@pytest.fixture
def owner(tmp_path: Path) -> subprocess.Popen[str]:
    """A process that has made a folder there, which it printed."""
    return subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )


def folder_of(owner: subprocess.Popen[str]) -> Path:
    assert owner.stdout is not None
    return Path(owner.stdout.readline().strip())


def end(owner: subprocess.Popen[str]) -> None:
    owner.send_signal(signal.SIGKILL)
    owner.communicate(timeout=DEADLINE_S)


def test_folder_lives_as_long_as_its_owner(tmp_path: Path, owner: subprocess.Popen[str]) -> None:
    """Another of the same user leaves it alone, and removes it when its owner was killed."""
    folder = folder_of(owner)

    with own_folder(str(tmp_path)):
        assert (folder / "w" / "s1").exists()
    end(owner)
    with own_folder(str(tmp_path)) as other:
        assert list(tmp_path.iterdir()) == [other]
    assert list(tmp_path.iterdir()) == []


def renamed_to_the_living(folder: Path) -> Path:
    """The id was given again: to us, who have started at another time."""
    place = folder.with_name(f"sockproof-{os.getpid():x}-1-abcdefgh")
    return folder.rename(place)


def with_a_link(folder: Path) -> Path:
    (folder / "link").symlink_to(folder.parent.parent / "target")
    return folder


@pytest.mark.parametrize("change", [renamed_to_the_living, with_a_link])
def test_folder_of_the_dead_is_removed(
    tmp_path: Path, owner: subprocess.Popen[str], change: Callable[[Path], Path]
) -> None:
    """Another process with its id is not its owner; what links lead to stays."""
    folder = folder_of(owner)
    end(owner)
    kept = tmp_path.parent / "target"
    kept.mkdir(exist_ok=True)
    (kept / "file").touch()
    change(folder)

    with own_folder(str(tmp_path)) as other:
        assert list(tmp_path.iterdir()) == [other]

    assert (kept / "file").exists()


def of_another_user(folder: Path) -> Path:
    if os.geteuid() != 0:
        pytest.skip("only root gives folders away")
    os.chown(folder, 65534, 65534)
    return folder


def as_a_link(folder: Path) -> Path:
    target = folder.parent.parent / "linked"
    shutil.rmtree(target, ignore_errors=True)
    folder.rename(target)
    folder.symlink_to(target)
    return folder


def without_an_owner(folder: Path) -> Path:
    return folder.rename(folder.with_name("sockproof-abcdefgh"))


def of_somebody_else(folder: Path) -> Path:
    return folder.rename(folder.with_name(folder.name.replace("sockproof", "other")))


@pytest.mark.parametrize("change", [of_another_user, as_a_link, without_an_owner, of_somebody_else])
def test_what_is_not_ours_stays(
    tmp_path: Path, owner: subprocess.Popen[str], change: Callable[[Path], Path]
) -> None:
    """With all that is in it."""
    folder = folder_of(owner)
    end(owner)
    changed = change(folder)

    with own_folder(str(tmp_path)):
        pass

    assert (changed / "w" / "s1").exists()


HOLDER = """
import fcntl, os, signal, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
print("held", flush=True)
signal.pause()
"""


def test_folder_that_is_locked_stays(tmp_path: Path, owner: subprocess.Popen[str]) -> None:
    """Its owner may be one whom we do not see: in another namespace of process ids."""
    folder = folder_of(owner)
    end(owner)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    folder_of(holder)

    with own_folder(str(tmp_path)):
        assert folder.exists()
    end(holder)
    remove_folder(make_folder(str(tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_file_that_was_to_come_into_its_place_is_removed(tmp_path: Path) -> None:
    """Whoever was to put it there is no more; another's is left alone."""
    (tmp_path / ".sockproof-7fffffff-1-0123456789abcdef").touch()
    (tmp_path / ".sockproof-mine").touch()

    write_whole(tmp_path / "report", "text")

    assert {path.name for path in tmp_path.iterdir()} == {"report", ".sockproof-mine"}


def _stops_with(run: subprocess.Popen[bytes], temporary: Path) -> bool:
    """Whether it is stopped while it has a folder: it makes some that are soon gone."""
    if not list(temporary.iterdir()):
        return False
    run.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, run.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    if not list(temporary.iterdir()):
        run.send_signal(signal.SIGCONT)
        return False
    return True


@pytest.mark.by_turns(5)
def test_run_removes_what_an_earlier_one_has_left(tmp_path: Path, temporary: Path) -> None:
    """Killed together with everybody who would have removed its folder."""
    mark = Mark.new()
    variables = {"TMPDIR": str(temporary), **mark.variables}
    with started(tmp_path, [sys.executable], **variables) as run:
        wait_until(lambda: _stops_with(run, temporary))
        while left := [pid for pid in living(mark) if pid != run.pid]:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        run.kill()
    assert list(temporary.iterdir()) != []

    ended = play(tmp_path, [], HANDLED, options=("-n0",), **variables)

    assert ended.status == 0, ended
    assert list(temporary.iterdir()) == []
