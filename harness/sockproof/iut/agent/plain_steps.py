"""Plain sockets of the module under test, step by step as data. Inside the process under test.

A step calls a function of the module, or a method of what an earlier step has kept under a name.
"""

from __future__ import absolute_import

import importlib
import select

from . import events

# How long the call of a thread may take to end, once all sockets are closed.
SETTLE_S = 1.0
# How long a connection may take to be known to be over.
OVER_S = 5
# Bound before any preload can patch it.
_poll = select.poll


class Sockets(object):
    """What the steps of a case have made: ``kept`` by name. ``threads`` and ``tasks`` are of the
    steps that are carried out beside the others, by their labels."""

    def __init__(self, module):
        self.module = module
        self.kept = {}
        self.threads = {}
        self.tasks = {}

    def carry_out(self, order):
        """One step: ``on`` what (empty: the module; else what is kept, or a library module), the
        ``call`` or ``get`` of which name, with ``arguments`` and ``keywords``. ``keep`` is the
        name of the value, or the names of its parts, until a step says ``forget``."""
        target = self._target(order["on"])
        shown = dict(on=order["on"] or self.module.__name__, name=order["name"])
        try:
            value = self._value(target, order)
        except BaseException as error:
            events.emit("step", do=order["do"], error=events.describe_error(error), **shown)
            raise
        self._keep(order.get("keep"), value)
        told = self.told(value)
        if isinstance(value, (bytes, bytearray)):
            shown["octets"] = events.octets(value)
        events.emit("step", do=order["do"], value=_short(told), **shown)
        return told

    def _target(self, on):
        if not on:
            return self.module
        return self.kept[on] if on in self.kept else importlib.import_module(str(on))

    def _value(self, target, order):
        if order["do"] == "forget":
            self.kept.pop(order["name"])
            return None
        if order["do"] == "over":
            return _is_over(self.kept[order["name"]].fileno())
        member = getattr(target, str(order["name"]))
        if order["do"] == "get":
            return member
        given = [self.meant(one) for one in order["arguments"]]
        keywords = dict((str(k), self.meant(v)) for k, v in order["keywords"].items())
        return member(*given, **keywords)

    def _keep(self, names, value):
        if isinstance(names, list):
            for number, name in enumerate(names):
                self.kept[name] = value[number]
        elif names:
            self.kept[names] = value

    def meant(self, value):
        """An argument: a constant of the module by its name, what is kept, or plain data."""
        if isinstance(value, list):
            return [self.meant(one) for one in value]
        if isinstance(value, dict) and "$constant" in value:
            return getattr(self.module, str(value["$constant"]))
        if isinstance(value, dict) and "$kept" in value:
            return self.kept[value["$kept"]]
        if isinstance(value, dict) and "$room" in value:
            return bytearray(value["$room"])
        if isinstance(value, dict) and "$tuple" in value:
            return tuple(self.meant(one) for one in value["$tuple"])
        return events.decode(value)

    def told(self, value):
        """A value as the harness gets it: a socket by its descriptor."""
        if isinstance(value, tuple):
            return {"$tuple": [self.told(one) for one in value]}
        if isinstance(value, list):
            return [self.told(one) for one in value]
        if hasattr(value, "fileno") and hasattr(value, "getsockname"):
            return {"$socket": value.fileno()}
        return events.encode(value)

    def calls_of(self, method):
        return [t for label, t in self.threads.items() if label.startswith(method + "-")]

    def end(self, hang_s):
        """Close all that is kept, the last first; wait for the threads. Where close() raises, it
        does so for the case."""
        problem = None
        for name in sorted(self.kept, reverse=True):
            try:
                if hasattr(self.kept[name], "close"):
                    self.kept[name].close()
            except EnvironmentError as error:
                problem = problem or error
        self.kept.clear()
        for thread in self.threads.values():
            thread.join(min(hang_s, SETTLE_S))
        if problem is not None:
            raise problem


def _is_over(fd):
    """Whether the system comes to know that a connection has ended both ways, or was reset."""
    poller = _poll()
    poller.register(fd, 0)  # nothing but what is always told
    return bool(poller.poll(OVER_S * 1000))


def _short(told):
    """What a transcript shows of a value: octets are told beside it."""
    is_octets = isinstance(told, dict) and "$octets" in told
    return None if is_octets else told
