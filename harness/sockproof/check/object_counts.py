"""Counts objects when a signal comes, within the program that serves a user's class: in the user's
interpreter (Python 3.6 and newer, with its standard library alone).

Two signals that nobody else uses are handled, in a life that is there for nothing else: so no
thread and no descriptor is added to those of the server, and it is asked when it is at rest.
"""

import collections
import gc
import io
import json
import os
import signal
import socket
import socketserver
import threading
import types
from typing import Any

SAYS = "sockproof objects"
_FREE = getattr(signal, "SIGRTMIN", 0)  # elsewhere than on Linux there are none
COUNT, WHERE = (_FREE + 11, _FREE + 12) if _FREE else (0, 0)
# What is made for an exchange, and of no use once that is over.
_KINDS = (
    *(socketserver.BaseRequestHandler, socket.socket, threading.Thread, io.IOBase, BaseException),
    *(types.FrameType, types.GeneratorType, types.CoroutineType, types.TracebackType),
)
_CONTAINERS = (list, dict, set, collections.deque)
_answers: Any = []  # how often it was asked


def handle(more: Any = ()) -> None:
    """From now on it answers; ``more`` are further classes whose instances are counted by name."""
    kinds = (*_KINDS, *(one for one in more if isinstance(one, type)))
    signal.signal(COUNT, lambda *_: _say(_counts(kinds)))
    signal.signal(WHERE, lambda *_: _say(_holders(kinds)))


def _say(told: Any) -> None:
    """In one write, behind whatever the server has said."""
    _answers.append(None)
    os.write(2, f"\n{SAYS} {len(_answers)} {json.dumps(told)}\n".encode())


def _objects(kinds: Any) -> Any:
    """Those that are still of use to somebody; a class is asked for what it says of itself, never
    an object."""
    gc.collect()
    return [one for one in gc.get_objects() if issubclass(type(one), kinds)]


def _counts(kinds: Any) -> Any:
    named = collections.Counter(type(one).__qualname__ for one in _objects(kinds))
    return {**named, "all": len(gc.get_objects())}


def _holders(kinds: Any) -> Any:
    """For each kind the names of containers that hold one of them."""
    samples = {type(one): one for one in _objects(kinds)}
    return {kind.__qualname__: _named(one) for kind, one in samples.items()}


def _named(one: Any) -> str:
    for container in gc.get_referrers(one):
        if type(container) in _CONTAINERS:
            for owner in gc.get_referrers(container):
                for name, value in _named_values(owner):
                    if value is container:
                        return str(name)
    return ""


def _named_values(owner: Any) -> Any:
    """What a namespace, or an object with one, has by name."""
    space = owner if isinstance(owner, dict) else getattr(owner, "__dict__", {})
    return list(space.items()) if isinstance(space, dict) else []
