"""Plays the steps of a handler's script. Runs inside the process under test; 2.7 and 3.x.

A step is a dict with ``do``, the name of a function ``do_*`` here, and its arguments. Each is an
event: what it did, or what it raised.
"""

from __future__ import absolute_import

import os
import select
import signal
import socket
import sys
import threading

from . import events, gates

_kill = os.kill
_exit = os._exit
_own_select = dict(vars(select))  # before any preload: a green one may lack poll, or an empty mask

# Longer than the end of a connection takes to come over loopback.
OVER_MS = 5000


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


def fail(exception, message="raised by the script"):
    """Raise an exception, a key of EXCEPTIONS: for steps, hooks, and a case's source text."""
    raise EXCEPTIONS[exception](message)


def play(handler, steps):
    for step in steps:
        arguments = dict((str(k), events.decode(v)) for k, v in step.items() if k != "do")
        about = {"do": step["do"], "id": handler.sockproof_id}
        if step["do"] in ("gate", "exit", "kill"):  # what is told after these would come too late
            events.emit("step", **dict(about, name=step.get("name", "")))
        try:
            done = globals()["do_" + step["do"]](handler, **arguments)
        except BaseException as error:
            events.emit("step", **dict(about, error=events.describe_error(error)))
            raise
        events.emit("step", **dict(about, **(done or {})))


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


def do_read_to_end(handler):
    """Until the end of the stream; of a datagram, all of it."""
    if hasattr(handler, "rfile"):
        return _got(handler, handler.rfile.read())
    return _got(handler, _receive(handler, 1 << 40))


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
    gates.pass_gate(index)
    return {"name": name, "passed": True}


def do_when(handler, prefix, steps):
    if handler.sockproof_last.startswith(prefix):
        play(handler, steps)


def do_raise(handler, exception, message):
    fail(exception, message)


def do_half_close(handler):
    handler.request.shutdown(socket.SHUT_WR)


def do_close_wfile(handler):
    handler.wfile.close()


def do_report(handler, expressions):
    """Evaluate expressions; the names are those of _scope()."""
    scope = _scope(handler)
    values = dict((name, events.encode(eval(text, scope))) for name, text in expressions.items())
    return {"values": values}


def do_attempt(handler, expressions):
    """Evaluate expressions one after the other; what one raises is an outcome like any."""
    scope = _scope(handler)
    return {"outcomes": [_outcome(text, scope) for text in expressions]}


def _outcome(expression, scope):
    try:
        return {"value": events.encode(eval(expression, scope))}
    except Exception as error:
        return {"error": events.describe_error(error)}


def do_run(handler, source):
    exec(compile(source, "<handler step>", "exec"), _scope(handler))


def _scope(handler):
    """What a case's expressions and source text know where the handler is."""
    modules = {"threading": threading, "os": os, "socket": socket, "sys": sys}
    ours = {"fail": fail, "native": native, "wait_until_over": wait_until_over}
    return dict(modules, self=handler, **ours)


def native(name):
    """What the interpreter's own module ``select`` has of this name, whatever patched it since."""
    return _own_select[name]


def wait_until_over(connection):
    """Until a connection has ended in both directions, or for some seconds."""
    poller = native("poll")()
    poller.register(connection.fileno(), 0)
    poller.poll(OVER_MS)


def do_exit(handler, status):
    _exit(status)


def do_kill(handler, signal_name):
    _kill(os.getpid(), getattr(signal, signal_name))
