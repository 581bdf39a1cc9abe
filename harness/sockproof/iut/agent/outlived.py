"""Whoever outlives his parent, whom the guard adopts. In the agent and in a case's process."""

from __future__ import absolute_import

import os
import select

from . import events, guard, looking, system_files

# How often in a row all that can be seen has just ended, before it counts as one that lives.
LOOKS = 30

# Bound before any preload can patch it.
_select = select.select


def note_what_is_there():
    """What the module under test has left running while it was imported is no case's."""
    guard.Guarded.told = _told()
    guard.Guarded.before = frozenset(_adopted())


def strays():
    """The ids of living processes that outlived their parents since; none where nobody tells.

    Who has ended by now may have started another just before that, so that none seems to be left.
    """
    if guard.Guarded.told and _told() == guard.Guarded.told:
        return []
    found = []  # type: list[int]
    for _ in range(LOOKS):
        found = [pid for pid in _adopted() if pid not in guard.Guarded.before]
        living = [pid for pid in found if not looking.is_dead(pid)]
        if living or not found:
            return living
    return found


def _told():
    """As :func:`_adopted`, in the system's words: each case asks, and most have none."""
    if not guard.Guarded.adopts:
        return b""
    pid = guard.Guarded.pid
    try:
        return system_files.octets_of(system_files.CHILDREN % (pid, pid))
    except EnvironmentError:
        return b""


def _adopted():
    if not guard.Guarded.adopts:
        return []
    return looking.children_of(guard.Guarded.pid, guard.Guarded.pid)


def end_strays():
    """Kill those, and who comes to light by that, and wait until they are gone."""
    limit = events.clock() + guard.DIES_WITHIN_S
    while True:
        found = [pid for pid in strays() if pid != os.getpid()]
        if not found or events.clock() > limit:
            return
        for pid in found:
            guard.end_one(pid)
        _select([], [], [], guard.LOOK_EVERY_S)
