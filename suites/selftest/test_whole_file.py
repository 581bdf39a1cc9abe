"""A file that is written is whole, or as it was; and what the machine is short of is told."""

from __future__ import annotations

import errno
import os
import resource
import stat
import threading
from pathlib import Path

import pytest

from sockproof.errors import RecordError
from sockproof.system_errors import shortage
from sockproof.whole_file import write_whole

OLD = "what the user had\n"


def _in_child(code: str, path: Path, octets: int) -> int:
    """The status of a fork whose files may have so many octets: 0 if ``write_whole`` raises."""
    child = os.fork()
    if not child:
        status = 1
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))
            write_whole(path, code)
        except RecordError as error:
            status = 0 if "File too large; make room there" in str(error) else 2
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_disk_that_is_full_leaves_what_was_there(tmp_path: Path) -> None:
    """And nothing beside it."""
    path = tmp_path / "expectations.toml"
    path.write_text(OLD)

    assert _in_child("x" * 100_000, path, 1000) == 0
    assert path.read_text() == OLD
    assert list(tmp_path.iterdir()) == [path]


def test_new_file_comes_with_its_folders_and_the_mode_of_others(tmp_path: Path) -> None:
    """As ``open`` makes it."""
    path, other = tmp_path / "a" / "b" / "page.html", tmp_path / "other"
    other.touch()

    write_whole(path, "Zürich")

    assert path.read_bytes() == "Zürich".encode()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_old_file_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    """What a link leads to is written, not the link."""
    path, link = tmp_path / "real", tmp_path / "link"
    path.write_text(OLD)
    path.chmod(0o640)
    link.symlink_to(path)

    write_whole(link, b"new")

    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_pipe_is_written_to(tmp_path: Path) -> None:
    """As ``--html >(less)`` and ``/dev/stdout`` are."""
    path, read = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()

    write_whole(path, "text")
    reader.join()

    assert read == [b"text"]
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write every file")
def test_file_that_is_read_only_stays(tmp_path: Path) -> None:
    """Although its folder would let another take its place. Where only the folder is, it is
    written in its place."""
    path = tmp_path / "file"
    path.write_text(OLD)
    path.chmod(0o400)
    with pytest.raises(RecordError, match="Permission denied; name another place"):
        write_whole(path, "new")
    assert path.read_text() == OLD

    path.chmod(0o600)
    tmp_path.chmod(0o500)
    try:
        write_whole(path, "new")
    finally:
        tmp_path.chmod(0o700)
    assert path.read_text() == "new"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files; let it open more"),
        (OSError(errno.EAGAIN, "Try again"), "Try again; end some processes"),
        (OSError(errno.ENOSPC, "No space"), "cannot write temporary files: No space; set TMPDIR"),
        (OSError(errno.ENOSPC, "No space", "/a"), "No space: /a; make room there"),
        (RuntimeError("can't start new thread"), "can't start new thread; end some processes"),
        (MemoryError(), "Cannot allocate memory; end other programs"),
        (FileNotFoundError(errno.ENOENT, "No such file", "x"), ""),
        (RuntimeError("a fault of ours"), ""),
    ],
)
def test_shortage_is_told_with_advice(error: BaseException, told: str) -> None:
    """What is none stays a fault of sockproof, with its traceback."""
    assert "; ".join(shortage(error) or ("",)).startswith(told)
    assert bool(shortage(error)) is bool(told)
