"""The functions of scripts that wait: each for an event, and with a bound; Python 2.7 and 3 alike.

A bound is so many looks, each after a short sleep, and no point in time: a clock may be set, and a
busy machine that looks seldom shall wait longer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["WAITING_FUNCTIONS", "shorter"]

WAITING_FUNCTIONS: Mapping[str, str] = {
    "wait_until": '''
def wait_until(condition):
    """Whether it becomes true within HANG_S."""
    looks = int(HANG_S / 0.005)
    while looks and not condition():
        looks -= 1
        time.sleep(0.005)
    return looks > 0
''',
    "times": '''
def times(what):
    """How often it has happened so far."""
    return sum(entry[0] == what for entry in log)
''',
    "wait_for": '''
def wait_for(what, count=1):
    """Whether it happens so often within HANG_S."""
    return wait_until(lambda: times(what) >= count)
''',
    "ends": '''
def ends(thread):
    """Whether it does within HANG_S."""
    return wait_until(lambda: not thread.is_alive())
''',
    "ends_before": '''
def ends_before(end, what, count=1):
    """Whether the one comes before the other has come so often."""
    wait_until(lambda: times(end) or times(what) >= count)
    names = [entry[0] for entry in log]
    return end in names and names[: names.index(end)].count(what) < count
''',
    "awake": '''
def awake():
    """By thread, here or in a child: the ns it was awake, and if it is."""
    found, pids = {}, ["self"]
    for task in (one for pid in pids for one in glob.glob("/proc/%s/task/*/" % pid)):
        try:
            told = [open(task + name).read() for name in ("stat", "schedstat", "children")]
        except EnvironmentError:  # it has ended
            continue
        pids += told[2].split()
        if not task.endswith("/%d/" % os.getpid()):
            is_now = told[0].split(") ")[-1][0] not in "SZ"
            found[task] = sum(map(int, told[1].split()[:2])), is_now
    return found
''',
    "let_others_run": '''
def let_others_run(until=None):
    """Wait until all others sleep, but for some polling, or that thread has ended."""
    calm, before, looks = 0, {}, int(HANG_S / 0.03)  # so many where the system does not tell
    while looks and calm < 3 and (until is None or until.is_alive()):
        looks -= 1
        time.sleep(0.03)
        now = awake()
        spent = sum(now[one][0] - before.get(one, (0,))[0] for one in now)
        stuck = [one for one in now if now[one][1] and before.get(one, (0, 1))[1]]
        is_calm = now and set(now) == set(before) and not stuck and spent < 15e6
        calm, before = calm + 1 if is_calm else 0, now
''',
}
"""By name: the source text."""

_COUNT = "sum(entry[0] == what for entry in log)"


def shorter(text: str) -> dict[str, str]:
    """Those that are written otherwise where the ``text`` of a script does not need others."""
    if re.search(r"\btimes\(", text):
        return {}
    return {"wait_for": WAITING_FUNCTIONS["wait_for"].replace("times(what)", _COUNT)}
