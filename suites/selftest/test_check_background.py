"""A program that goes into the background is refused, with what to type; it does not stay there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from suites.selftest.checked import CHECK, bad_rows, rows_of
from suites.selftest.runs import Mark, living, sockproof_, wait_until

PROGRAM = ("--", sys.executable, str(Path(__file__).with_name("background_listener.py")), "{port}")
STAY = "have it stay, as most do with --foreground, --nodaemon or -f; or give its ADDRESS"
SERVED = ("-k", "next-client-is-served[TCP/inet,end] or stop-ends-in-time[TCP/inet,idle]")


@pytest.mark.by_turns(5)
@pytest.mark.parametrize("network", [(), ("--network", "host")], ids=["any", "host"])
@pytest.mark.parametrize("how", ["as a daemon", "as a shell does"])
def test_it_is_refused_in_a_line(tmp_path: Path, how: str, network: tuple[str, ...]) -> None:
    """Whatever it has done to be nobody's child: it has ended before anybody listens. Nothing of it
    goes on."""
    mark = Mark.new()

    ended = sockproof_(tmp_path, *CHECK, *network, *PROGRAM, how, **mark.variables)

    assert (ended.status, ended.stdout) == (3, "")
    wait_until(lambda: not list(living(mark)))
    assert "it goes into the background: it ended, and process " in ended.error
    assert ended.error.endswith(f" goes on; {STAY}")


@pytest.mark.by_turns(5)
@pytest.mark.parametrize("how", ["when it listens", "when it is asked"])
def test_it_is_refused_whenever_it_is_seen(tmp_path: Path, how: str) -> None:
    """Also where it has been taken for one that stays, since it ends when its child has answered
    already; what it does is no finding. Whether cases have begun by then, the system decides."""
    mark = Mark.new()

    ended = sockproof_(tmp_path, *CHECK, *SERVED, *PROGRAM, how, **mark.variables)

    assert ended.status == 3, ended
    wait_until(lambda: not list(living(mark)))
    assert "it goes into the background: it ended, and process " in ended.stderr
    told = "nothing needs attention in what was recorded; the run is incomplete"
    assert told in ended.stdout or not ended.stdout
    assert "FAIL" not in ended.stdout


def test_it_is_started_once_to_be_refused(tmp_path: Path) -> None:
    """Another network would not keep it in the foreground."""
    begun = tmp_path / "begun"
    words = ["--", "sh", "-c", f"echo begun >> {begun}; sleep 600 & : {{port}}"]

    ended = sockproof_(tmp_path, *CHECK, *words)

    assert (ended.status, begun.read_text()) == (3, "begun\n"), ended
    assert "goes into the background" in ended.error


@pytest.mark.by_turns(5)
def test_who_leaves_it_to_a_child_and_stays_is_checked(tmp_path: Path) -> None:
    """As a master does, and a shell that waits."""
    ended = sockproof_(tmp_path, *CHECK, *SERVED, *PROGRAM, "and stays")

    assert bad_rows(rows_of(tmp_path)) == []
    assert ended.status == 0, ended
