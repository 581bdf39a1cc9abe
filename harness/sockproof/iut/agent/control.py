"""The warm agent: imports the module under test once, and starts a process per case. 2.7 and 3.x.

One thread, one loop. Where pipes of the harness can be opened here, the case's process speaks to it
by itself. Elsewhere what the harness says is passed on, and so is what the process says (events,
answers, stdout, stderr), as one JSON object a line.
"""

from __future__ import absolute_import

import errno
import json
import os
import traceback

from . import case, child, debugging, events, green, guard, loading, looking, outlived, tasks
from .lines import Lines

# How often a live case is looked after; bounds how late a crash is noticed, nothing else.
TICK_S = 0.01

_write = os.write


class Agent(object):
    """The pump between the harness and the process of the current case."""

    def __init__(self, control_in, control_out):
        self.control_out = control_out
        self.lines = Lines(control_in)
        self.child = None
        self.module = None
        self.names = {}
        self.runtime = ""
        self.looker = looking.Looker()

    def say(self, **fields):
        self.say_raw(json.dumps(fields).encode("ascii") + b"\n")

    def say_raw(self, data):
        try:
            while data:
                data = data[_write(self.control_out, data) :]
        except OSError as error:
            if error.errno != errno.EPIPE:
                raise
            self.leave()

    def run_guarded(self):
        """In a process of its own, where one can be had."""
        try:
            guard.stand(self.lines.fd, self.control_out)
        except EnvironmentError as error:  # too many processes, or descriptors
            return self.say(r="unstarted", text=str(error), case=0)
        return self.run()

    def run(self):
        """Until the harness goes away."""
        while True:
            waiting = [self.lines.fd] + (list(self.child.pipes) if self.child else [])
            ready = child.ready_of(waiting, TICK_S if self.child else None)
            if self.child:
                self.child.pump([fd for fd in ready if fd in self.child.pipes])
            if self.lines.fd in ready:
                self.hear()
            if self.child:
                self.finish(self.child.watch())

    def hear(self):
        if not self.lines.receive():
            self.leave()
        for line in self.lines.whole():
            self.obey(line)

    def obey(self, line):
        """Do what is ours to do, or the child's; what is the case's goes to its process. What is no
        order was written by somebody else, who found our pipe."""
        try:
            order = json.loads(line.decode("ascii"))
            order["op"] + ""
        except (ValueError, TypeError, KeyError, RuntimeError):  # too deep: RecursionError
            return None
        for one in (self, self.child):
            action = getattr(one, "do_" + order["op"], None)
            if action is not None:
                return action(order)
        if self.child is not None:
            self.child.tell(self.child.commands, line + b"\n")
        return None

    def do_hello(self, order):
        self.say_raw(b"\n")  # a wrapper may have printed half a line
        try:
            self.module, said = loading.hello(order)
        except BaseException as error:
            raised = dict(events.describe_error(error), traceback=traceback.format_exc())
            return self.say(r="refused", value=raised)
        said["green_stacks"] = green.warm(said["runtime"])
        said["reaches_pipes"] = child.reaches(order.get("token"))
        said["accounts"] = {"threads": tasks.seen_by(), "processes": guard.Guarded.adopts}
        debugging.load()
        outlived.note_what_is_there()
        self.names = order.get("classes", {})
        self.runtime = said["runtime"] or ("unknown" if order.get("preload") else "")
        return self.say(r="hello", value=said)

    def do_clock(self, order):
        self.say(r="clock", value=events.clock())

    def do_usage(self, order):
        """Processor time so far, in seconds: ours, and that of the processes of ended cases."""
        user, system, of_cases, system_of_cases = os.times()[:4]
        self.say(r="usage", value=[user + system, of_cases + system_of_cases])

    def do_case(self, order):
        if self.child is not None:  # somebody told the harness of its end, and it was not us
            self.child.abandon()
        number = order["number"]
        head = child.PASSED_ON + b"%d " % number

        def say(**fields):
            self.say(case=number, **fields)

        def pass_on(lines):
            self.say_raw(head + lines.replace(b"\n", b"\n" + head)[: -len(head)])

        self.child = None
        try:
            self.child = child.Child(
                order["deadline_s"], say, pass_on, self.become_case, order.get("pipes")
            )
        except EnvironmentError as error:  # too many processes, or descriptors
            return say(r="unstarted", text=str(error))
        return say(r="started", pid=self.child.pid)

    def become_case(self, fds):
        """In the case's process."""
        os.close(self.lines.fd)
        os.close(self.control_out)
        os.close(guard.Guarded.life)
        case.run(self.module, self.names, fds, self.runtime)

    def do_look(self, order):
        seen = self.looker.tell(self.child.pid, order["task"]) if self.child else None
        self.say(r="done", seq=order["seq"], value=seen)

    def do_look_around(self, order):
        seen = looking.look_around(self.child.pid) if self.child else {}
        self.say(r="done", seq=order["seq"], value=seen)

    def do_end(self, order):
        if self.child is not None:
            self.finish("ended")

    def finish(self, why):
        if why:
            self.child.finish(why)
            self.child = None

    def leave(self):
        """The harness is gone: leave nothing behind."""
        if self.child is not None:
            self.child.kill()
        outlived.end_strays()
        os._exit(0)
