"""A program that is checked lives in a network of its own, unless it needs another, as it shows."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.listeners.table import LISTENERS
from sockproof.check.own_network import FIRST_PORT
from sockproof.record.reader import Record
from suites.selftest.checked import CHECK, bad_rows, rows_of
from suites.selftest.runs import (
    DEADLINE_S,
    Ended,
    Mark,
    command,
    environment,
    living,
    records_in,
    sockproof_,
    started_command,
    wait_until,
)

ASKING = [sys.executable, str(Path(__file__).with_name("asking_listener.py")), "{port}"]
FORGETFUL = ["--", *LISTENERS["does_not_reuse"].argv]
AGAIN = "starts-again-at-once[TCP/inet,idle]"
SERVED = ("-k", "next-client-is-served[TCP/inet,end]")
# A user of few rights, whom the system has in its tables under another number than in there.
AS_A_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
NO_NETWORKS = """
import os, sys
for what in ("user", "net"):
    open(f"/proc/sys/user/max_{what}_namespaces", "w").write("0")
os.execv(sys.argv[1], sys.argv[1:])
"""
WITHOUT_RIGHTS = ("unshare", "--user", "--map-root-user", sys.executable, "-c", NO_NETWORKS)


def can_be_apart() -> bool:
    """Whether this system lets its user have networks."""
    words = ["unshare", "--user", "--map-root-user", "--net", "true"]
    return bool(shutil.which("unshare")) and not subprocess.run(words, check=False).returncode


pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not can_be_apart(),
    reason="this system does not let its user have networks",
)


@pytest.fixture
def somebody() -> Iterator[str]:
    """The address of a server on this machine."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as server:
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def _accept(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            server.accept()[0].close()


@pytest.fixture
def taken() -> Iterator[None]:
    """The port is somebody's on this machine: ours, unless another has it."""
    with socket.socket() as one:
        with contextlib.suppress(OSError):
            one.bind(("127.0.0.1", FIRST_PORT))
            one.listen()
        yield


def the_record(folder: Path) -> Record:
    (record,) = records_in(folder).values()
    return record


def network_of(folder: Path) -> tuple[str, str]:
    """Where the program of the record lived, and why there."""
    subject = the_record(folder).subject
    assert subject
    return subject.network, subject.network_reason


def started_as(folder: Path, before: tuple[str, ...], *words: str) -> Ended:
    """The command, begun by another one."""
    done = subprocess.run(
        [*before, *command(*words)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.mark.by_turns(16)
@pytest.mark.usefixtures("taken")
def test_port_is_always_the_same(tmp_path: Path) -> None:
    """Whoever has it on this machine, and for a replay as well."""
    ended = sockproof_(tmp_path, *CHECK, "-k", AGAIN, *FORGETFUL)
    (record,) = (tmp_path / "out").glob("*.jsonl")
    again = sockproof_(tmp_path, "replay", str(record), f"invariants/{AGAIN}", *FORGETFUL)

    assert (ended.status, again.status) == (1, 0), ended.stderr + again.stderr
    failed = rows_of(tmp_path)["starts-again-at-once[idle]"].actual
    assert f"ended with status 1 before it listened at 127.0.0.1:{FIRST_PORT}: " in failed
    assert failed in again.stdout
    assert network_of(tmp_path) == ("own", "")
    assert "scripts/starts-again-at-once-idle.py shows it" in ended.stdout


@pytest.mark.by_turns(5)
def test_two_checks_have_the_port_at_once(tmp_path: Path) -> None:
    """Neither is in the other's way."""
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()

    checks = [started_command(folder, *CHECK, "-k", AGAIN, *FORGETFUL) for folder in folders]
    statuses = [one.wait(DEADLINE_S) for one in checks]

    assert statuses == [1, 1]
    for folder in folders:
        assert f"127.0.0.1:{FIRST_PORT}" in rows_of(folder)["starts-again-at-once[idle]"].actual


@pytest.mark.by_turns(12)
@pytest.mark.parametrize("when", ["at first", "until it is there", "for a client"])
def test_program_that_needs_another_is_checked_beside_it(
    tmp_path: Path, somebody: str, when: str
) -> None:
    """It is told in a line; nothing is found, for nothing is wrong."""
    expect = ("--expect", "reached" if when == "for a client" else "alone", "--say", "x\n")

    ended = sockproof_(tmp_path, *CHECK, *SERVED, *expect, "--", *ASKING, when, somebody)

    told = "it asks for others, who are not in a network of its own"
    assert ended.status == 0, ended
    assert bad_rows(rows_of(tmp_path)) == []
    assert network_of(tmp_path) == ("host", told)
    assert f"checked in this machine's network: {told}" in ended.stderr


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("address", ["192.0.2.1:9", "127.0.0.1:9"])
def test_a_datagram_to_nobody_is_seen_as_well(tmp_path: Path, address: str) -> None:
    """As one to a name server is, on this machine or another."""
    words = ["--", *ASKING, "by a datagram", address]

    ended = sockproof_(tmp_path, *CHECK, *SERVED, *words)

    assert (ended.status, network_of(tmp_path)[0]) == (0, "host"), ended


@pytest.mark.by_turns(5)
def test_program_reaches_nobody_where_it_is_kept_apart(tmp_path: Path, somebody: str) -> None:
    """And is checked so, if it goes on; else a line says that it does not start."""
    apart = (*CHECK, *SERVED, "--network", "own", "--say", "x\n", "--expect", "alone")
    mark = Mark.new()

    goes_on = sockproof_(tmp_path, *apart, "--", *ASKING, "for a client", somebody)
    ends = sockproof_(tmp_path, *apart, "--", *ASKING, "at first", somebody, **mark.variables)

    assert (goes_on.status, goes_on.stderr) == (0, ""), goes_on
    assert network_of(tmp_path) == ("own", "")
    assert (ends.status, list(living(mark))) == (3, [])
    assert "before it listened at" in ends.error
    assert "nobody is there" in ends.error


@pytest.mark.by_turns(5)
def test_network_of_the_machine_can_be_asked_for(tmp_path: Path) -> None:
    """The commands that show a finding again ask for it, too, and so does a replay."""
    words = (*CHECK, "--network", "host", "-k", AGAIN, *FORGETFUL)

    ended = sockproof_(tmp_path, *words)
    (record,) = (tmp_path / "out").glob("*.jsonl")
    again = sockproof_(tmp_path, "replay", str(record), f"invariants/{AGAIN}", *FORGETFUL)

    assert (ended.status, again.status) == (1, 0), ended.stderr
    assert network_of(tmp_path) == ("host", "as asked for")
    assert "sockproof check --network host --report-dir out -k " in ended.stdout
    assert f"127.0.0.1:{FIRST_PORT}" not in ended.stdout + again.stdout


@pytest.mark.by_turns(5)
def test_system_may_allow_no_network(tmp_path: Path) -> None:
    """Then it is that of the machine, unless somebody asks for his own: that is refused."""
    words = (*CHECK, *SERVED, "--", *ASKING, "never")

    ended = started_as(tmp_path, WITHOUT_RIGHTS, *words)
    refused = started_as(tmp_path, WITHOUT_RIGHTS, *words[:-5], "--network", "own", *words[-5:])

    network, reason = network_of(tmp_path)
    assert (ended.status, ended.stderr, network) == (0, "", "host"), ended
    assert reason.startswith("this system does not allow a namespace of networks: ")
    assert refused.status == 4
    assert refused.error == f"--network own: {reason}; leave it out"


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests above are of such a user")
def test_user_without_rights_has_networks_too(tmp_path: Path) -> None:
    """In a namespace of users; the program has the rights of its user."""
    ended = started_as(tmp_path, AS_A_USER, *CHECK, "-k", AGAIN, *FORGETFUL)

    assert ended.status == 1, ended.stderr
    assert network_of(tmp_path) == ("own", "")
    assert f":{FIRST_PORT}: " in rows_of(tmp_path)["starts-again-at-once[idle]"].actual


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda one: one.name)
def test_trial_ends_with_the_check(tmp_path: Path, number: signal.Signals) -> None:
    """Whatever ends that; nothing of the program is left."""
    mark, begun = Mark.new(), tmp_path / "begun"
    words = ["sh", "-c", f"touch {begun}; exec sleep 600", "{port}"]
    process = started_command(tmp_path, *CHECK, "--", *words, **mark.variables)

    wait_until(begun.exists)
    process.send_signal(number)
    status = process.wait(DEADLINE_S)

    assert status == (3 if number == signal.SIGTERM else -number)
    wait_until(lambda: not list(living(mark)))


BREAKS = """
import sys
from sockproof.check.first_words import FirstWords

def broken(*arguments):
    raise ZeroDivisionError("of ours")

FirstWords.learned = broken
import sockproof.__main__
sys.argv[1:] = {words}
sockproof.__main__.main()
"""


def test_fault_of_ours_in_the_trial_is_told_as_one(tmp_path: Path) -> None:
    """The program asks for nobody, and is not said to."""
    words = [*CHECK, *SERVED, *FORGETFUL]

    ended = subprocess.run(
        [sys.executable, "-c", BREAKS.format(words=words)],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
    )

    if "does not allow" in ended.stdout + ended.stderr:
        pytest.skip("no networks of its own can be made here")
    assert ended.returncode == 3
    assert "its trial in a network of its own failed: ZeroDivisionError: of ours" in ended.stderr
    assert "it asks for others" not in ended.stderr


def test_network_is_of_programs(tmp_path: Path) -> None:
    """Who is there already stays where he is."""
    refused = sockproof_(tmp_path, *CHECK, "--network", "own", "127.0.0.1:9")

    assert refused.status == 4
    assert refused.error == "--network is for programs; give a program after --"
