"""Request handlers that follow a script. Runs inside the process under test; 2.7 and 3.x.

A script is a dict of three lists of steps, ``setup``, ``handle`` and ``finish``; a step is a dict
with ``do`` and its arguments. Each phase and each step is an event.
"""

from __future__ import absolute_import

import itertools
import os
import select
import signal
import socket
import sys
import threading

from . import events

_read = os.read
_kill = os.kill
_exit = os._exit

# Read ends of the gate pipes, made before the fork: they hold threads and children alike.
GATES = []  # type: ignore[var-annotated]
# Every handler made, kept alive: no socket may look closed because it was collected.
INSTANCES = []  # type: ignore[var-annotated]
_serial = itertools.count(1)


class OwnExit(BaseException):
    """What a user may derive to leave the loop: no Exception, and none that Python knows."""


class Unprintable(Exception):
    """An exception that cannot say what it is."""

    def __str__(self):
        raise RuntimeError("no words")


EXCEPTIONS = {
    "OwnExit": OwnExit,
    "Unprintable": Unprintable,
    "ValueError": ValueError,
    "OSError": OSError,
    "socket.error": socket.error,  # which is OSError from Python 3.3 on
    "SystemExit": SystemExit,
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "MemoryError": MemoryError,
}


def make_handler(base, script, attributes, source, module):
    """A subclass of ``base`` that follows ``script``, or what ``source`` defines as ``Handler``.

    ``attributes`` become class attributes (``timeout``, ``wbufsize``, ...).
    """
    if source:
        namespace = {"base": base, "emit": events.emit, "socketserver": module, "gate": pass_gate}
        namespace["fail"] = fail
        exec(compile(source, "<handler source>", "exec"), namespace)
        return namespace["Handler"]

    class ScriptedHandler(base):  # type: ignore[misc, valid-type]
        def setup(self):
            self.sockproof_id = "%d.%d" % (os.getpid(), next(_serial))
            INSTANCES.append(self)
            _phase(self, "setup")
            base.setup(self)
            _play(self, script.get("setup", ()))

        def handle(self):
            _phase(self, "handle")
            _play(self, script.get("handle", ()))

        def finish(self):
            _phase(self, "finish")
            try:
                _play(self, script.get("finish", ()))
                base.finish(self)
            finally:
                events.emit("handled", id=self.sockproof_id)

    for name, value in attributes.items():
        setattr(ScriptedHandler, name, value)
    return ScriptedHandler


def pass_gate(index):
    """Wait until the harness lets one more through gate ``index``."""
    if not GATES:
        raise RuntimeError("this process has no gates")
    while not select.select([GATES[index]], [], [], 60)[0]:
        pass
    _read(GATES[index], 1)


def forget():
    """Handlers are no longer kept, and gates hold whoever comes to them."""
    del INSTANCES[:]
    for fd in GATES:
        while select.select([fd], [], [], 0)[0]:
            _read(fd, 65536)


def raise_described(described):
    """Raise the exception that ``{"exception": name, "message": text}`` describes."""
    raise EXCEPTIONS[described["exception"]](described["message"])


def fail(exception, message="raised by the script"):
    """The same for source text and expressions of a case; ``exception`` is a key of EXCEPTIONS."""
    raise_described({"exception": exception, "message": message})


def _phase(handler, phase):
    events.emit(
        "handler",
        phase=phase,
        id=handler.sockproof_id,
        client=events.encode(handler.client_address),
    )


def _play(handler, steps):
    for step in steps:
        arguments = dict((str(k), events.decode(v)) for k, v in step.items() if k != "do")
        action = ACTIONS[step["do"]]
        if step["do"] in ("gate", "exit", "kill"):  # what is told after these would come too late
            events.emit("step", do=step["do"], id=handler.sockproof_id, name=step.get("name", ""))
        try:
            told = action(handler, **arguments)
        except BaseException as error:
            events.emit(
                "step",
                do=step["do"],
                id=handler.sockproof_id,
                error=events.describe_error(error),
            )
            raise
        events.emit("step", do=step["do"], id=handler.sockproof_id, **(told or {}))


def _is_stream(handler):
    return not isinstance(handler.request, tuple)


def _receive(handler, want_octets):
    """Exactly so many octets, or fewer at the end of the stream, from rfile or the socket."""
    if hasattr(handler, "rfile"):
        return handler.rfile.read(want_octets)
    if not _is_stream(handler):
        return handler.request[0]
    parts = []
    while want_octets > 0:
        part = handler.request.recv(min(want_octets, 65536))
        if not part:
            break
        parts.append(part)
        want_octets -= len(part)
    return b"".join(parts)


def _send(handler, data):
    if hasattr(handler, "wfile"):
        return handler.wfile.write(data)
    if _is_stream(handler):
        return handler.request.sendall(data)
    return handler.request[1].sendto(data, handler.client_address)


def _got(handler, data):
    handler.sockproof_last = data
    return {"octets": events.octets(data)}


def do_read(handler, size):
    return _got(handler, _receive(handler, size))


def do_read_all(handler):
    """Until the end of the stream; of a datagram, all of it."""
    return _got(handler, _receive(handler, sys.maxsize if hasattr(handler, "rfile") else 1 << 40))


def do_read_to_end(handler):
    if hasattr(handler, "rfile"):
        return _got(handler, handler.rfile.read())
    return do_read_all(handler)


def do_recv(handler, size):
    """One recv() on the socket itself."""
    return _got(handler, handler.request.recv(size))


def do_read_line(handler):
    return _got(handler, handler.rfile.readline())


def do_write(handler, data):
    value = _send(handler, data)
    return {"octets": events.octets(data), "value": events.encode(value)}


def do_write_back(handler):
    return do_write(handler, handler.sockproof_last)


def do_gate(handler, index, name):
    pass_gate(index)
    return {"name": name, "passed": True}


def do_when(handler, prefix, steps):
    if handler.sockproof_last.startswith(prefix):
        _play(handler, steps)


def do_raise(handler, exception, message):
    raise_described({"exception": exception, "message": message})


def do_half_close(handler):
    handler.request.shutdown(socket.SHUT_WR)


def do_close_wfile(handler):
    handler.wfile.close()


def do_report(handler, expressions):
    """Evaluate expressions where the handler is: ``self``, ``threading``, ``os``, ``socket``."""
    scope = {"self": handler, "threading": threading, "os": os, "socket": socket}
    values = dict((name, events.encode(eval(text, scope))) for name, text in expressions.items())
    return {"values": values}


def do_attempt(handler, expressions):
    """Evaluate expressions one after the other; what one raises is an outcome like any."""
    scope = {"self": handler, "threading": threading, "os": os, "socket": socket}
    return {"outcomes": [_outcome(text, scope) for text in expressions]}


def _outcome(expression, scope):
    try:
        return {"value": events.encode(eval(expression, scope))}
    except Exception as error:
        return {"error": events.describe_error(error)}


def do_run(handler, source):
    scope = {"self": handler, "threading": threading, "os": os, "socket": socket, "sys": sys}
    scope["fail"] = fail
    exec(compile(source, "<handler step>", "exec"), scope)


def do_exit(handler, status):
    _exit(status)


def do_kill(handler, signal_name):
    _kill(os.getpid(), getattr(signal, signal_name))


ACTIONS = {
    "read": do_read,
    "read_to_end": do_read_to_end,
    "recv": do_recv,
    "read_line": do_read_line,
    "write": do_write,
    "write_back": do_write_back,
    "gate": do_gate,
    "when": do_when,
    "raise": do_raise,
    "half_close": do_half_close,
    "close_wfile": do_close_wfile,
    "report": do_report,
    "attempt": do_attempt,
    "run": do_run,
    "exit": do_exit,
    "kill": do_kill,
}
