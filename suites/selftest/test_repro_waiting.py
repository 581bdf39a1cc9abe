"""Scripts wait for events: none is told by the moment at which it looks, or by where it runs."""

from __future__ import annotations

import os
import socketserver
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from sockproof.repro.layout import About, Ground, assembled
from sockproof.repro.script_text import functions_for, modules_for
from suites.selftest.test_repro_scripts import (
    GONE,
    PYTHON_2,
    THERE,
    broken,
    run_alone,
    write_script,
)

PYTHONS = [sys.executable, *([str(PYTHON_2)] if PYTHON_2 else [])]
AS_IT_IS = ("--shorten", "0.1")
AT_LAST = "for _ in range(300):\n        os.getpid()\n        sum(range(9999))"
"""Passes slowly: much to compute between a few calls of the system."""
FORKS = "pid = os.fork()\n    if not pid:\n        sum(range(3999999))\n        os._exit(0)"

PAIR = "one, two = socket.socketpair()"
WAYS: dict[str, tuple[str, str]] = {
    "passes": (AT_LAST, "ended"),
    "waits-for-a-child-that-ends": (f"{FORKS}\n    os.waitpid(pid, 0)", "ended"),
    "waits-for-a-thread-that-ends": ("start('more', passes).join()", "ended"),
    "waits-at-a-lock": ("held.acquire()", "waits"),
    "waits-for-a-descriptor": ("select.select([os.pipe()[0]], [], [])", "waits"),
    "waits-for-a-thread": ("start('more', held.acquire).join()", "waits"),
    "connection-that-is-over": (f"{PAIR}; two.close(); wait_until_over(one)", "ended"),
    "connection-that-is-not": (f"{PAIR}; wait_until_over(one)", "waits"),
    "polls": ("while True:\n        time.sleep(0.001)", "waits"),
}
"""What a thread does, and what is to be said of it."""

SCENE = """
import {modules}
from __future__ import print_function
HANG_S = 20
{functions}
held = threading.Lock()
held.acquire()
busy = {busy}

def passes():
    {passes}

def compute():
    while True:
        pass

def method():
    {way}

for _ in range(busy):
    start("busy", compute)
thread = start("method", method)
clock = getattr(time, "monotonic", time.time)
began = clock()
let_others_run(thread)
is_last = clock() - began > 0.9 * HANG_S
print("waits" if thread.is_alive() else "ended", "at last" if is_last else "")
end(0)
"""


def scene(way: str, busy: int) -> str:
    """A script in which one thread does something, and another looks whether it waits."""
    text = SCENE.format(
        way=way, busy=busy, passes=AT_LAST, functions="{functions}", modules="{modules}"
    )
    functions = "".join(functions_for(text, forking=False))
    modules = ", ".join(modules_for([functions, text]))
    first, *rest = text.format(functions=functions, modules=modules).strip().splitlines()
    return "\n".join([rest[0], first, *rest[1:]])


@contextmanager
def busy_processes(count: int = 2) -> Iterator[None]:
    """So many processes that compute, one for each processor that a machine of ours has."""
    command = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("python", PYTHONS, ids=["this", "2.7"][: len(PYTHONS)])
@pytest.mark.parametrize("way", WAYS)
def test_who_waits_is_told_from_who_passes(way: str, python: str, tmp_path: Path) -> None:
    """By what the kernel says of all threads and children, on a machine that has other work."""
    does, expected = WAYS[way]
    script = tmp_path / "scene.py"
    script.write_text(scene(does, busy=0))

    with busy_processes():
        ended = run_alone(script, python=python)

    told = ended.stdout.split()
    if way == "polls":  # between two sleeps it may get no turn for long, and then looks busy
        told = told[:1]
    assert told == [expected], ended


def test_thread_that_is_kept_from_running_does_not_wait(tmp_path: Path) -> None:
    """Others of its process have the interpreter most of the time."""
    script = tmp_path / "scene.py"
    script.write_text(scene(AT_LAST, busy=2))

    with busy_processes():
        ended = run_alone(script)

    assert ended.stdout.split() == ["ended"], ended


def test_script_that_cannot_ask_the_kernel_waits_for_its_bound(tmp_path: Path) -> None:
    """Where there is no /proc, a thread that is still alive then is one that waits."""
    script = tmp_path / "scene.py"
    text = scene("held.acquire()", busy=0).replace("HANG_S = 20", "HANG_S = 1")
    script.write_text(text.replace("/proc/", "/nowhere/"))

    assert run_alone(script).stdout.split() == ["waits", "at", "last"]


def passing_slowly(folder: Path) -> str:
    """A module whose shutdown() does not wait, and takes its time to return."""
    source = Path(socketserver.__file__).read_text("utf-8")
    waits = "        self.__is_shut_down.wait()\n"
    assert source.count(waits) == 1
    module = folder / "slow.py"
    module.write_text(source.replace(waits, "        sum(n for n in range(500_000))\n"))
    return str(module)


@pytest.mark.by_turns(12)
def test_slow_method_is_not_taken_for_one_that_waits(tmp_path: Path) -> None:
    """Beside busy processes a script says each time that a shutdown() without a wait does not."""
    module, case = broken(tmp_path, "shutdown-does-not-wait"), "serving/shutdown-waits-for-the-loop"
    script = write_script(tmp_path, module, f"{case}[UDP/inet]", hurry=AS_IT_IS)
    modules = [module, passing_slowly(tmp_path)] * 10

    with busy_processes(), ThreadPoolExecutor(4) as pool:
        statuses = Counter(
            ended.status for ended in pool.map(lambda m: run_alone(script, m), modules)
        )

    assert statuses == {THERE: len(modules)}


def _without_a_reader(command: list[str]) -> int:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(command, stdout=writer, stderr=writer).returncode
    finally:
        os.close(writer)


def _shell(before: str, after: str = "") -> Callable[[list[str]], int]:
    def run(command: list[str]) -> int:
        line = f'{before} exec "$@" {after}'
        return subprocess.run(["sh", "-c", line, "sh", *command], capture_output=True).returncode

    return run


PLACES: dict[str, Callable[[list[str]], int]] = {
    "closed": _shell("", "<&- >&- 2>&-"),
    "nobody reads": _without_a_reader,
    "nobody reads, unbuffered": lambda c: _without_a_reader([c[0], "-u", *c[1:]]),
    "optimised": lambda c: _shell("")([c[0], "-OO", *c[1:]]),
    "no environment": lambda c: (
        subprocess.run(c, env={"LC_ALL": "C"}, capture_output=True).returncode
    ),
    "no permissions": _shell("umask 0777;"),
}
"""By what is odd there: how a script is run."""

PRINTING = {
    "exception-ends-the-loop": "errors/exception-leaves-server-serving[UDP/inet]",
    "traceback-is-left-out": "errors/traceback-is-printed[TCP/inet]",
}


@pytest.mark.by_turns(12)
@pytest.mark.parametrize("mutant", PRINTING)
def test_script_says_the_same_wherever_it_runs(mutant: str, tmp_path: Path) -> None:
    """Its server prints, which must not fail because nobody reads it."""
    module = broken(tmp_path, mutant)
    script = write_script(tmp_path, module, PRINTING[mutant], hurry=AS_IT_IS)

    with ThreadPoolExecutor(4) as pool:
        command = [sys.executable, "-s", str(script)]
        wrong = pool.map(lambda run: run([*command, module]), PLACES.values())
        right = pool.map(lambda run: run(command), PLACES.values())
        found = dict(zip(PLACES, zip(wrong, right, strict=True), strict=True))

    assert found == dict.fromkeys(PLACES, (THERE, GONE))


FORKING_ON = """
def fork_on():
    for _ in range(200):
        pid = os.fork()
        if not pid:
            time.sleep(999)
        attempt(os.waitpid, pid, 0)

start("forks", fork_on)
wait_until(lambda: glob.glob("/proc/self/task/*/children"))
end(1)
"""


@pytest.mark.by_turns(3)
def test_nothing_that_a_script_forks_outlives_it(tmp_path: Path) -> None:
    """Its thread forks anew when a child is killed; who is left would hold the output for ever."""
    script = tmp_path / "repro.py"
    about = About("an/area[X]", "a title", "MUST", "a source", "one", "another")
    script.write_text(assembled(about, FORKING_ON.strip().splitlines(), Ground(5.0, forking=True)))

    with busy_processes(), ThreadPoolExecutor(8) as pool:
        statuses = {ended.status for ended in pool.map(run_alone, [script] * 24)}

    assert statuses == {THERE}
