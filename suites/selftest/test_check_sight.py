"""What a check sees of processes: who owns an address, what they hold, how busy they are."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.listeners.table import LISTENERS, LittleServer
from sockproof.check.listener import Address, parse_address
from sockproof.check.owners import owners_of, tree_of
from sockproof.check.processes import Processes, Standing
from sockproof.check.sockets import is_bound, waiting, why_held
from sockproof.judge.checks import NotApplicable
from sockproof.judge.verdict import Verdict
from suites.selftest.checked import CHECK, bad_rows, check, listening, rows_of
from suites.selftest.runs import (
    HARNESS,
    Mark,
    command,
    environment,
    living,
    sockproof_,
)

LAUNCHERS = {
    "sh": ["sh", "-c", '"$0" "$@"; exit $?'],
    "env": ["env", "SOME=1"],
}


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


def address_of(one: socket.socket) -> Address:
    return parse_address(f"127.0.0.1:{one.getsockname()[1]}")


@pytest.mark.by_turns(3)
def test_owner_of_an_address_is_found(listener: socket.socket) -> None:
    """Whoever has the socket that listens, and nobody who is connected there."""
    address = address_of(listener)
    with socket.create_connection(listener.getsockname()):
        assert owners_of(address) == {os.getpid()}
        assert waiting(address) == 1
    assert is_bound(address)
    listener.close()
    assert not is_bound(address)
    assert why_held(address) == ""


def test_a_listener_at_the_very_address_hides_one_at_all(listener: socket.socket) -> None:
    """The kernel gives it what comes there."""
    code = (
        "import socket, sys; s = socket.create_server(('0.0.0.0', 0)); "
        "print(s.getsockname()[1], flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        address = parse_address(f"127.0.0.1:{int(other.stdout.readline())}")
        assert owners_of(address) == {other.pid}
        assert owners_of(address_of(listener)) == {os.getpid()}
        other.kill()


@pytest.mark.parametrize("name", ["s", "a b", "@sockproof-sight"])
def test_owner_of_a_unix_socket_is_found(tmp_path: Path, name: str) -> None:
    """By its path, or its name without a file; who is connected does not own it."""
    given = name if name.startswith("@") else str(tmp_path / name)
    address = parse_address(f"unix:{given}")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(address.at)
        assert not is_bound(address)
        one.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(address.at)
            accepted, _ = one.accept()
            assert owners_of(address) == {os.getpid()}
            one.close()
            with accepted:
                assert not is_bound(address)


@pytest.mark.by_turns(3)
def test_busy_share_of_who_spins_and_who_sleeps() -> None:
    """Whatever else the machine has to do, one wants a whole processor, and the other nothing."""
    spins = "import sys; sys.stdout.write('x'); sys.stdout.flush()\nwhile True: pass"
    sleeps = "import sys; sys.stdout.write('x'); sys.stdout.flush(); sys.stdin.read()"
    shares = {}
    for name, code in (("spins", spins), ("sleeps", sleeps)):
        with subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as one:
            assert one.stdout is not None
            one.stdout.read(1)
            shares[name] = Processes(parse_address("127.0.0.1:1"), one.pid).busy_share(1.0)
            one.kill()

    assert shares["spins"] > 0.8
    assert shares["sleeps"] < 0.2


def test_standing_counts_threads_children_and_descriptors(listener: socket.socket) -> None:
    """Of the owner and all that descend from it."""
    processes = Processes(address_of(listener))
    before, over = processes.standing(), threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    with socket.socket(), subprocess.Popen(["sleep", "600"]) as child:
        after = processes.standing()
        child.kill()
    over.set()
    thread.join()

    grown = after.more_than(before)
    assert (grown["threads"], grown["children"]) == (2, 1)
    assert grown["descriptors"] >= 1
    assert tree_of(os.getpid())[0] == os.getpid()
    assert Standing().more_than(after) == {}


def test_nobody_in_sight_is_said() -> None:
    """No process has the socket: the reason names where it may be."""
    with pytest.raises(NotApplicable, match="another user's, or in another namespace"):
        Processes(parse_address("127.0.0.1:1"))


@pytest.mark.by_turns(12)
def test_without_psutil_the_rest_is_judged(tmp_path: Path) -> None:
    """What a client sees is judged; what needs it says so."""
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "psutil.py").write_text("raise ImportError('blocked')\n")
    path = os.pathsep.join([str(tmp_path / "blocked"), str(HARNESS)])
    keyword = "leave-nothing or next-client or at-rest or stop-ends or crowd or data"

    ended = check(tmp_path, LISTENERS["threaded"], "-k", keyword, PYTHONPATH=path)

    rows = rows_of(tmp_path)
    assert bad_rows(rows) == []
    assert ended.status == 0, ended
    unseen = {name for name, row in rows.items() if "psutil is not installed" in row.reason}
    assert "leaving-clients-leave-nothing[end]" in unseen
    judged = {name for name, row in rows.items() if row.verdict is Verdict.PASS}
    assert judged >= {"next-client-is-served[reset]", "crowd-is-served", "stop-ends-in-time[idle]"}


@pytest.mark.by_turns(5)
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_launcher_is_not_the_server(tmp_path: Path, launcher: str) -> None:
    """A shell hears of Ctrl-C with all that it has started, and is no stranger to its socket."""
    server = LISTENERS["threaded"]
    words = ["-k", "stop or inherit or address-in-use", "--", *LAUNCHERS[launcher], *server.argv]
    mark = Mark.new()

    ended = sockproof_(tmp_path, *CHECK, *words, **mark.variables)

    assert bad_rows(rows_of(tmp_path)) == []
    assert ended.status == 0, ended
    assert list(living(mark)) == []


@pytest.mark.by_turns(3)
def test_a_process_that_we_may_not_look_at_is_out_of_sight(tmp_path: Path) -> None:
    """As that of another user. What can be seen from outside is judged all the same."""
    fewer_rights = ["unshare", "--user"]
    if subprocess.run([*fewer_rights, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespaces of its own can be made here")
    path, server = tmp_path / "s", LISTENERS["unix_path"]
    words = [*CHECK, "-k", "leave-nothing or next-client", f"unix:{path}"]
    with listening([*server.argv[:-1], str(path)], path):
        run = subprocess.run(
            [*fewer_rights, *command(*words)], cwd=tmp_path, env=environment(), check=False
        )

    rows = rows_of(tmp_path)
    assert bad_rows(rows) == []
    assert run.returncode == 0
    assert "no process that owns" in rows["leaving-clients-leave-nothing[end]"].reason
    assert rows["next-client-is-served[end]"].verdict is Verdict.PASS


@pytest.mark.by_turns(3)
def test_a_process_in_another_network_is_out_of_sight(tmp_path: Path) -> None:
    """A Unix socket is reached there, too; nothing tells whose it is."""
    namespaces = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*namespaces, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespaces of its own can be made here")
    server: LittleServer = LISTENERS["unix_path"]
    path = tmp_path / "s"
    words = ["-k", "leave-nothing or next-client", f"unix:{path}"]
    with listening([*namespaces, *server.argv[:-1], str(path)], path):
        ended = sockproof_(tmp_path, *CHECK, *words)

    rows = rows_of(tmp_path)
    assert bad_rows(rows) == []
    assert ended.status == 0, ended
    assert "in another namespace" in rows["leaving-clients-leave-nothing[end]"].reason
    assert rows["next-client-is-served[end]"].verdict is Verdict.PASS
