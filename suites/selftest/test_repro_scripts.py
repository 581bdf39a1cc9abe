"""Stand-alone scripts: what they show is there on the broken module, and gone on the untouched."""

from __future__ import annotations

import ast
import socketserver
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof.mutation.named import load_mutants
from suites.selftest.agents import running_interpreter
from suites.selftest.mutant_files import write_mutant
from suites.selftest.runs import DEADLINE_S, Ended, sockproof_

MUTANTS = {mutant.id: mutant for mutant in load_mutants()}
LINES_MAX = 130
"""About a hundred, and some more where a busy machine leaves little time to shorten it."""
LONGER_MAX = 190
"""With what a case has its process run to count descriptors, or with what finds odd children."""
THERE, GONE, NOT_TOLD = 1, 0, 2
PYTHON_2 = running_interpreter("python2.7")
HURRY = ("--shorten", "8")
QUICK = {"SOCKPROOF_TIMEOUT_SCALE": "0.3"}
"""What hangs here hangs for good."""
PARTS = 12
"""The turns in which all scripts are written and run; each takes several seconds."""
DOCUMENTED = "is-a-limit" if sys.version_info >= (3, 13) else "limits"

SHOWN: list[tuple[str, str]] = [
    (
        "refused-request-stays-open",
        "dispatch/refused-request-is-closed[TCP/inet6]",
    ),
    (
        "handled-request-is-kept",
        "dispatch/handled-request-is-shut-down[TCP/inet]",
    ),
    (
        "get-request-gives-the-servers-address",
        "dispatch/get-request-returns-request-and-address[TCP/inet]",
    ),
    (
        "datagram-closes-the-server",
        "dispatch/closed-datagram-leaves-the-server-open[UDP/inet]",
    ),
    (
        "verify-request-returns-one",
        "dispatch/verify-request-default-is-true[TCP/inet]",
    ),
    (
        "shutdown-does-not-wait",
        "serving/shutdown-waits-for-the-loop[UDP/inet]",
    ),
    (
        "timeout-is-not-told",
        "serving/handle-request-times-out[TCP/inet6]",
    ),
    (
        "port-stays-zero",
        "construction/ephemeral-port-is-known[UDP/inet]",
    ),
    (
        "with-gives-nothing",
        "construction/context-manager-returns-the-server[UnixDatagram/abstract]",
    ),
    (
        "reuse-address-is-always-on",
        "binding/reuse-address-off-by-default[TCP/inet6]",
    ),
    (
        "waiting-datagrams-are-joined",
        "datagrams/one-datagram-one-request[UDP/inet6]",
    ),
    (
        "max-packet-size-is-ignored",
        "datagrams/max-packet-size-truncates[UDP/inet,lowered]",
    ),
    (
        "reply-goes-to-the-first-client",
        "datagrams/interleaved-senders-get-their-own[UDP/inet]",
    ),
    (
        "unix-client-is-not-answered",
        "unix/bound-datagram-client-gets-reply[ThreadingUnixDatagram/abstract]",
    ),
    (
        "missing-folder-is-made",
        "unix/path-in-missing-directory[UnixStream/path]",
    ),
    (
        "abstract-name-becomes-a-path",
        "unix/abstract-name-does-not-create-a-file[UnixStream/abstract]",
    ),
    (
        "only-the-first-write-is-sent",
        "streams/reply-in-two-writes[TCP/inet]",
    ),
    (
        "line-takes-the-rest-with-it",
        "streams/coalesced-requests[TCP/inet]",
    ),
    (
        "half-closed-handler-is-deaf",
        "streams/half-close-by-server-is-end-of-stream[UnixStream/path]",
    ),
    (
        "request-is-cut-at-a-limit",
        "streams/large-request-arrives-whole[TCP/inet]",
    ),
    (
        "write-returns-nothing",
        "handlers/wfile-write-returns-the-count[TCP/inet]",
    ),
    (
        "nagle-stays-on",
        "handlers/disable-nagle-sets-nodelay[TCP/inet,on]",
    ),
    (
        "handler-gets-the-servers-socket",
        "handlers/attributes-are-set[TCP/inet]",
    ),
    (
        "exception-ends-the-loop",
        "errors/exception-leaves-server-serving[UDP/inet]",
    ),
    (
        "traceback-is-left-out",
        "errors/traceback-is-printed[TCP/inet]",
    ),
    (
        "setup-errors-are-swallowed",
        "errors/exception-in-setup-calls-handle-error[UnixStream/abstract]",
    ),
    (
        "handle-error-gets-the-servers-address",
        "errors/handle-error-gets-request-and-address[TCP/inet6]",
    ),
    (
        "children-run-one-at-a-time",
        "forking/requests-run-at-once[ForkingUDP/inet]",
    ),
    (
        "handler-runs-in-the-parent",
        "forking/handler-runs-in-a-child[ForkingTCP/inet6]",
    ),
    (
        "error-in-a-child-stops-the-listener",
        "forking/error-in-a-child-leaves-server-serving[ForkingTCP/inet]",
    ),
    (
        "threads-run-one-at-a-time",
        "threading/requests-run-at-once[ThreadingUDP/inet]",
    ),
    (
        "handler-runs-in-the-loops-thread",
        "threading/handler-runs-in-its-own-thread[ThreadingTCP/inet]",
    ),
    (
        "threads-outlive-server-close",
        "threading/server-close-waits-for-threads[Threading+TCP/inet]",
    ),
    (
        "request-leaves-a-watchdog-thread",
        "threading/server-close-waits-for-threads[ThreadingTCP/inet]",
    ),
    (
        "exported-name-is-misspelt",
        "names/exported-names-exist",
    ),
    (
        "poll-interval-is-shorter",
        "names/poll-interval-default",
    ),
    (
        "base-server-forgets-to-close",
        "dispatch/base-server-closes-requests",
    ),
    (
        "rfile-is-a-raw-file",
        "handlers/rfile-is-a-readable-file[TCP/inet]",
    ),
    (
        "handler-is-used-again",
        "handlers/one-instance-per-request[TCP/inet]",
    ),
    (
        "failed-bind-bypasses-server-close",
        "construction/failed-bind-calls-server-close[TCP/inet]",
    ),
    (
        "address-is-always-a-pair",
        "construction/server-address-has-the-familys-shape[TCP/inet6]",
    ),
    (
        "unix-path-is-taken-over",
        "unix/path-exists-in-use[UnixStream/path,a-file]",
    ),
    (
        "unix-path-is-taken-over",
        "unix/path-exists-in-use[UnixStream/path,a-server]",
    ),
    (
        "file-in-the-way-is-removed",
        "unix/path-below-a-file[UnixStream/path]",
    ),
    (
        "queue-is-cut-to-ten",
        "streams/twenty-clients-at-once[UnixStream/path]",
    ),
    (
        "path-of-a-hundred-octets-is-too-long",
        "unix/longest-name[UnixStream/path]",
    ),
    (
        "base-finish-forgets-the-request",
        "handlers/base-methods-do-nothing[TCP/inet]",
    ),
    (
        "interrupted-write-is-cut",
        "handlers/wfile-sends-everything-despite-signals[TCP/inet]",
    ),
    (
        "request-without-a-thread-is-forgotten",
        "resources/failed-thread-start-is-the-requests-error[ThreadingTCP/inet]",
    ),
    (
        "lack-of-descriptors-ends-the-loop",
        "resources/loop-survives-lack-of-descriptors[TCP/inet]",
    ),
    (
        "max-children-counts-its-group",
        f"forking/max-children-{DOCUMENTED}[ForkingTCP/inet,leads-a-process-group]",
    ),
    (
        "exit-cuts-handlers-off",
        "threading/interpreter-exit-waits-for-handlers[ThreadingTCP/inet]",
    ),
    (
        "exit-waits-for-daemons",
        "threading/interpreter-exit-leaves-daemons[ThreadingTCP/inet]",
    ),
    (
        "handler-gets-the-servers-address",
        "dispatch/finish-request-instantiates-the-handler[TCP/inet]",
    ),
    (
        "exit-in-a-child-shuts-the-listener",
        "forking/exit-in-a-child-leaves-server-serving[ForkingTCP/inet,SystemExit]",
    ),
    (
        "datagram-reply-is-the-first-write",
        "handlers/one-service-for-streams-and-datagrams[TCP/inet6]",
    ),
    (
        "server-close-keeps-listening",
        "serving/server-close-frees-the-address[TCP/inet]",
    ),
    (
        "oversized-reply-closes-the-socket",
        "datagrams/oversized-reply-leaves-server-serving[UnixDatagram/path]",
    ),
    (
        "stale-socket-is-removed",
        "unix/stale-socket-is-in-use[UnixDatagram/path,reuse-address]",
    ),
    (
        "path-loses-its-odd-octets",
        "unix/path-of-undecodable-bytes[UnixStream/path]",
    ),
    (
        "reset-ends-the-loop",
        "streams/client-leaves-the-reply-unread[TCP/inet]",
    ),
    (
        "half-close-ends-both-ways",
        "streams/half-close-by-server-is-end-of-stream[TCP/inet6]",
    ),
]


def write_script(folder: Path, iut: str, *given: str, hurry: tuple[str, ...] = HURRY) -> Path:
    """The script that ``sockproof repro`` writes for a case, or what stands for one."""
    script = folder / "repro.py"
    chosen = ("--iut", iut) if iut else ()
    ended = sockproof_(folder, "repro", *given, *chosen, "-o", script.name, *hurry, **QUICK)
    assert ended.status == 0, ended.stderr
    assert not [path for path in folder.iterdir() if path.is_socket()]  # of servers it tried
    return script


def broken(folder: Path, mutant: str) -> str:
    """The module that a mutant is."""
    return str(write_mutant(MUTANTS[mutant], Path(socketserver.__file__), folder))


def run_alone(script: Path, *arguments: str, python: str = sys.executable) -> Ended:
    """Run a script without anything of ours on its path."""
    ended = subprocess.run(
        [python, "-sE", str(script), *arguments],
        cwd=script.parent,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.by_turns(PARTS)
@pytest.mark.parametrize(("mutant", "case"), SHOWN, ids=[case for _, case in SHOWN])
def test_script_shows_the_behaviour(mutant: str, case: str, tmp_path: Path) -> None:
    """It ends with 1 on the broken module and with 0 on the untouched, and is short and clean."""
    module = broken(tmp_path, mutant)
    assert_shown(write_script(tmp_path, module, case), module)


def assert_shown(script: Path, module: str) -> None:
    """The script shows what is wrong with the module, and nothing wrong with this Python's."""
    with ThreadPoolExecutor(2) as pool:
        wrong, right = pool.map(lambda given: run_alone(script, *given), [(module,), ()])
    assert (wrong.status, right.status) == (THERE, GONE), wrong.stderr + right.stderr
    assert "expected: " in wrong.stdout
    assert "observed: " in wrong.stdout
    text = script.read_text("ascii")
    is_longer = any(f"def {name}(" in text for name in ("count", "end_session"))
    assert len(text.splitlines()) <= (LONGER_MAX if is_longer else LINES_MAX)
    assert "sockproof" not in text
    assert imports_of(text) <= sys.stdlib_module_names
    assert PYTHON_2 is None or compiles(script, str(PYTHON_2))


def compiles(script: Path, python: str) -> bool:
    return subprocess.run([python, "-m", "py_compile", str(script)]).returncode == 0


def imports_of(text: str) -> set[str]:
    tree = ast.walk(ast.parse(text))
    return {alias.name for node in tree if isinstance(node, ast.Import) for alias in node.names}


def test_request_that_is_forgotten_is_not_closed(tmp_path: Path) -> None:
    """A socket that the server loses stays open: the script keeps it, as the agent does."""
    module = partner("keeps_refused")
    script = write_script(tmp_path, module, "dispatch/refused-request-is-closed[ThreadingTCP/inet]")

    assert_shown(script, module)
    assert "kept.append(request)" in script.read_text("ascii")


def test_interrupt_meets_what_runs_in_the_main_thread(tmp_path: Path) -> None:
    """Python raises KeyboardInterrupt in no other: there the script calls what is interrupted."""
    module = broken(tmp_path, "with-statement-swallows-exceptions")

    script = write_script(tmp_path, module, "serving/interrupt-leaves-the-with-statement[TCP/inet]")

    assert run_alone(script, module).status == THERE
    assert run_alone(script).status == GONE
    assert ".beside(others)" in script.read_text("ascii")


@pytest.mark.skipif(PYTHON_2 is None, reason="no python2.7 here")
def test_script_runs_on_python_2(tmp_path: Path) -> None:
    """A broken SocketServer of Python 2.7 is shown by that Python itself."""
    closes = "        else:\n            self.shutdown_request(request)"
    ask = [str(PYTHON_2), "-c", "import SocketServer as s; print(s.__file__.rstrip('c'))"]
    source = Path(subprocess.check_output(ask, text=True).strip()).read_text("utf-8")
    assert source.count(closes) == 1
    module, script = tmp_path / "broken.py", tmp_path / "repro.py"
    module.write_text(source.replace(closes, "        else:\n            self.kept = request"))
    case, iut = "dispatch/refused-request-is-closed[TCP/inet]", f"./broken.py@{PYTHON_2}"

    write_script(tmp_path, iut, case)

    assert run_alone(script, str(module), python=str(PYTHON_2)).status == THERE
    assert run_alone(script, python=str(PYTHON_2)).status == GONE


def test_behaviour_of_every_version_is_shown(tmp_path: Path) -> None:
    """Where this Python's own module is not right either, the script shows what the case saw."""
    case = "forking/max-children-under-handle-request[ForkingTCP/inet]"

    shown = run_alone(write_script(tmp_path, sys.executable, case))

    assert shown.status == THERE, shown.stderr
    assert shown.stdout.count("'at gate hold'") == 5  # two are promised, three were seen


def test_script_that_cannot_tell_ends_with_2(tmp_path: Path) -> None:
    """A module of which nothing can be used is neither right nor wrong."""
    case = "construction/context-manager-returns-the-server[TCP/inet]"
    script = write_script(tmp_path, broken(tmp_path, "with-gives-nothing"), case)
    (tmp_path / "empty.py").write_text("")

    assert run_alone(script, "empty.py").status == NOT_TOLD
