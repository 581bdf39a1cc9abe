"""A case's process: carries out one command after the other. Runs in the process under test.

It is forked from the warm agent, leads its own process group, and is killed as one when the case
ends. Commands come one JSON object a line; each is answered through the event pipe, so that
answers and events have one order.
"""

from __future__ import absolute_import

import json
import os
import select
import signal
import socket
import sys
import threading
import traceback

from . import (
    accounting,
    debugging,
    events,
    gates,
    green,
    handlers,
    mainthread,
    plain_steps,
    script,
    servers,
)
from .lines import Lines

try:
    import faulthandler
except ImportError:  # Python 2.7
    faulthandler = None  # type: ignore[assignment]

_exit = os._exit


class Case(object):
    """The state of one case: its servers by handle, and what was there before it."""

    def __init__(self, module, names, pooled=None):
        self.module = module
        self.names = names
        self.servers = {}
        self.sockets = plain_steps.Sockets(module)
        self.scope = {
            "socketserver": module,
            "tested": module,
            "kept": self.sockets.kept,
            "os": os,
            "socket": socket,
            "sys": sys,
            "threading": threading,
            "own_name": lambda name: names.get(name, name),
            "native": script.native,
        }
        self.baseline = accounting.Baseline(pooled)
        self.main_thread = None

    def do_make(self, order):
        kept = servers.make_server(self.module, self.names, order)
        self.servers[order["handle"]] = kept
        self._look_at(order)
        if order.get("serve"):
            self.do_spawn(order["serve"])
        return servers.facts(kept.server)

    def do_call(self, order):
        return self._call(order)()

    def do_spawn(self, order):
        servers.spawn(self.servers[order["handle"]], order, self._call(order))

    def do_call_in_main(self, order):
        """Have a method called in the main thread: as spawn(), and at once as far as it is idle."""
        self._lend_main(self.servers[order["handle"]], order, self._call(order))

    def _lend_main(self, kept, order, call):
        if self.main_thread is None:
            self.main_thread = mainthread.MainThread()
        carry_out = servers.telling_its_end(kept, order, call)
        kept.threads[order["label"]] = self.main_thread.ask(carry_out)

    def _call(self, order):
        """The call that an order describes, as a function; server_close() counts from now on."""
        kept, method = self.servers[order["handle"]], order["method"]
        if method == "server_close":
            kept.closed = True
        arguments = events.decode(order["arguments"])
        keywords = dict((str(k), events.decode(v)) for k, v in order.get("keywords", {}).items())
        return lambda: events.encode(getattr(kept.server, method)(*arguments, **keywords))

    def do_step(self, order):
        """One step with plain sockets."""
        return self.sockets.carry_out(order)

    def do_begin_step(self, order):
        """The same in a thread of its own; its end is an event."""
        servers.spawn(self.sockets, order, lambda: self.sockets.carry_out(order))

    def do_begin_step_in_main(self, order):
        """The same in the main thread, where signals are handled."""
        self._lend_main(self.sockets, order, lambda: self.sockets.carry_out(order))

    def _caller(self, order):
        """What made a call that runs beside the commands: a server, or the plain sockets."""
        handle = order["handle"]
        return self.sockets if handle is None else self.servers[handle]

    def do_task(self, order):
        """The system's id of the thread that a call runs in; None when it has not yet begun."""
        return self._caller(order).tasks.get(order["label"])

    def do_stack(self, order):
        return servers.stack(self._caller(order).threads[order["label"]])

    def do_evaluate(self, order):
        self._look_at(order)
        return events.encode(eval(order["expression"], self.scope))

    def do_execute(self, order):
        self._look_at(order)
        exec(compile(order["source"], "<case source>", "exec"), self.scope)

    def _look_at(self, order):
        """What expressions and source mean by ``server``, and by the class it was made with."""
        if "handle" in order:
            kept = self.servers[order["handle"]]
            self.scope.update(server=kept.server, handler_class=kept.handler_class)

    def do_fence(self, order):
        """Nothing but the answer: whatever was written before it has then arrived."""
        events.flush()

    def do_stop(self, order):
        """End every loop, close every server, and say what is left behind."""
        for handle in sorted(self.servers):
            self._stop_one(self.servers[handle], order["hang_s"])
        self.sockets.end(order["hang_s"])
        events.flush()
        debugging.wait_for_user()
        left = self.baseline.leftovers(order["settle_s"])
        if left["leaks"]:
            kept = [self.servers[handle] for handle in sorted(self.servers)]
            left["leaks"] += accounting.held_ports(
                [(repr(one.server.server_address), one.opened) for one in kept]
            )
        return left

    def do_renew(self, order):
        """As stop(), after which the process is as good as a new one, unless something is left."""
        left = self.do_stop(order)
        if not left["leaks"]:
            self.servers.clear()
            del handlers.INSTANCES[:], servers.KEPT[:]
            gates.close_gates()
        return left

    def _stop_one(self, kept, hang_s):
        servers.end_loops(kept, hang_s)
        if not kept.closed:
            kept.closed = True
            kept.server.server_close()
        # A shutdown() without a loop to end may wait for ever: the end of the process ends it.
        self.baseline.allow(kept.calls_of("shutdown"))

    def answer(self, order):
        """Carry out one command; an exception of the implementation is an answer like any."""
        try:
            command = getattr(self, "do_" + order["op"], None)
            if command is None:
                raise ValueError("no such command: %r" % order["op"])
            value = command(order)
        except BaseException as error:
            raised = dict(events.describe_error(error), traceback=_traceback())
            events.reply(order["seq"], "raised", raised)
        else:
            events.reply(order["seq"], "done", value)


def run(module, names, fds, runtime):
    """The life of a case's process. Never returns.

    ``runtime``: see ``loading.runtime()``, or a text that stands for one that nobody knows.
    ``fds``: ``commands``, ``events``, ``stdout``, ``stderr`` and the list ``gates``.
    """
    os.setpgid(0, 0)
    os.dup2(fds["stdout"], 1)
    os.dup2(fds["stderr"], 2)
    for name in ("stdout", "stderr"):
        os.close(fds[name])
    events.Pipe.fd = fds["events"]
    _dump_stacks_on_request()
    if runtime:
        select.select([], [], [], 0)  # a hub that is made now is not taken for a leak later
    lines = _lines(fds, runtime)
    case = Case(module, names, lines.pooled if isinstance(lines, green.Control) else None)
    while case.main_thread is None:
        obey_one(case, lines)
    case.main_thread.lend(lambda: obey_all(case, lines), case.baseline)


def _lines(fds, runtime):
    """What the case's commands are taken from."""
    control = None
    if green.is_known(runtime):
        control = green.Control(runtime, fds["commands"], fds["gates"])
    gates.use_gates(fds["gates"], control)
    return control or Lines(fds["commands"], bool(runtime))


def obey_all(case, lines):
    while True:
        obey_one(case, lines)


def obey_one(case, lines):
    line = lines.next()
    if line is None:
        _exit(0)
    case.answer(json.loads(line.decode("ascii")))


def _dump_stacks_on_request():
    """On SIGUSR1, every thread's stack goes to stderr: evidence of a hang."""
    if faulthandler is not None:
        faulthandler.register(signal.SIGUSR1, file=2, all_threads=True)
    else:
        signal.signal(signal.SIGUSR1, _print_stacks)


def _print_stacks(number, frame):
    for ident, frame in sys._current_frames().items():
        text = "Thread %s:\n%s" % (ident, "".join(traceback.format_stack(frame)))
        os.write(2, text.encode("utf-8", "replace"))


def _traceback():
    """That of the exception being handled; none where no file can be opened to make it of."""
    try:
        return traceback.format_exc()[-1500:]
    except EnvironmentError:
        return ""
