"""The warm agent: starts a process per case, pumps its pipes, kills it. Python 2.7 and 3.x.

It imports the module under test once, then forks a child for each case. One thread, one loop: what
the harness says goes to the child, what the child says (events, answers, stdout, stderr) goes to
the harness, as one JSON object a line. It never waits for the end of a pipe, since forked handlers
hold copies; it waits for the child by pid, until the case's deadline at most.
"""

from __future__ import absolute_import

import errno
import importlib
import json
import os
import select
import signal
import sys
import traceback

from . import case, events

PROTOCOL = 1
GATES = 8
TICK_S = 0.01
"""How often a live case is looked after; bounds how late a crash is noticed, nothing else."""
STACKS_S = 2.0
QUIET_S = 0.1
KEPT_OUTPUT_OCTETS = 65536
GARBAGE_OCTETS = 1 << 20
"""More than this without the end of a line is nothing the case's process would write."""
LAST_READS = 1000

_read = os.read
_write = os.write
_select = select.select
_fork = os.fork
_waitpid = os.waitpid


def load_module(order):
    """Import the module under test: by name, or from the file ``order`` names."""
    path = order.get("module_path")
    if not path:
        own = "SocketServer" if sys.version_info[0] == 2 else "socketserver"
        return importlib.import_module(str(order["module"] or own))
    name = str(order["module"])
    if sys.version_info[0] == 2:
        import imp

        return imp.load_source(name, str(path))
    from importlib import util

    spec = util.spec_from_file_location(name, path)
    module = util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def hello(order):
    """Load what is to be tested, and say who we are."""
    for folder in order.get("search_path", ()):
        sys.path.insert(0, folder)
    if order.get("preload"):
        exec(compile(order["preload"], "<preload>", "exec"), {})
    module = load_module(order)
    said = {
        "protocol": PROTOCOL,
        "clock": events.clock(),
        "pid": os.getpid(),
        "version": list(sys.version_info[:3]),
        "implementation": getattr(getattr(sys, "implementation", None), "name", "")
        or ("pypy" if "__pypy__" in sys.builtin_module_names else "cpython"),
        "implementation_version": list(_implementation_version()[:3]),
        "full_version": sys.version.replace("\n", " "),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "os_file": os.__file__,
        "module_file": getattr(module, "__file__", ""),
        "names": sorted(n for n in dir(module) if n.endswith(("Server", "MixIn", "Handler"))),
        "platform": sys.platform,
    }
    return module, said


def _implementation_version():
    """PyPy has a version of its own beside that of the language."""
    own = getattr(getattr(sys, "implementation", None), "version", None)
    return own or getattr(sys, "pypy_version_info", sys.version_info)


class Child(object):
    """One case's process, and this end of its pipes."""

    def __init__(self, pid, deadline, commands, pipes, gates):
        self.pid = pid
        self.deadline = deadline
        self.commands = commands
        self.pipes = pipes
        self.gates = gates
        self.kept = {"stdout": 0, "stderr": 0}
        self.dropped = {"stdout": 0, "stderr": 0}
        self.status = None
        self.rest = b""  # of a line in the event pipe whose end has not come yet

    def close(self):
        for fd in [self.commands] + list(self.pipes) + self.gates:
            os.close(fd)


class Agent(object):
    """The pump between the harness and the process of the current case."""

    def __init__(self, control_in, control_out):
        self.control_out = control_out
        self.lines = case.Lines(control_in, False)
        self.child = None
        self.module = None
        self.names = {}
        self.cooperative = False

    def say(self, **fields):
        self.say_raw(json.dumps(fields).encode("ascii") + b"\n")

    def say_raw(self, data):
        while data:
            data = data[_write(self.control_out, data) :]

    def run(self):
        """Until the harness goes away."""
        while True:
            waiting = [self.lines.fd] + (list(self.child.pipes) if self.child else [])
            ready = _ready(waiting, TICK_S if self.child else None)
            if self.child:
                self.pump([fd for fd in ready if fd in self.child.pipes])
            if self.lines.fd in ready:
                self.hear()
            if self.child:
                self.watch()

    def hear(self):
        got = _read(self.lines.fd, 65536)
        if not got:
            self.leave()
        self.lines.rest += got
        while b"\n" in self.lines.rest:
            self.obey(self.lines.next())

    def obey(self, line):
        order = json.loads(line.decode("ascii"))
        action = {
            "hello": self.hello,
            "case": self.start_case,
            "clock": self.tell_time,
            "gate": self.open_gate,
            "stacks": self.ask_for_stacks,
            "end": self.end_case,
        }.get(order["op"])
        if action is not None:
            action(order)
        elif self.child is not None:
            self.tell_child(line)

    def hello(self, order):
        try:
            self.module, said = hello(order)
        except BaseException as error:
            told = events.describe_error(error)
            told["traceback"] = traceback.format_exc()
            return self.say(r="refused", value=told)
        self.names = order.get("classes", {})
        self.cooperative = bool(order.get("preload"))
        return self.say(r="hello", value=said)

    def tell_time(self, order):
        self.say(r="clock", value=events.clock())

    def start_case(self, order):
        commands = os.pipe()
        pipes = {"events": os.pipe(), "stdout": os.pipe(), "stderr": os.pipe()}
        gates = [os.pipe() for _ in range(GATES)]
        pid = _fork()
        if pid == 0:
            self.become_case(commands, pipes, gates)
        ours = dict((pipes[name][0], name) for name in pipes)
        for end in [commands[0]] + [p[1] for p in pipes.values()] + [g[0] for g in gates]:
            os.close(end)
        _signal(os.setpgid, pid, pid)  # both sides do it: whoever is first, the group exists
        deadline = events.clock() + order["deadline_s"]
        self.child = Child(pid, deadline, commands[1], ours, [g[1] for g in gates])
        self.say(r="started", pid=pid)

    def become_case(self, commands, pipes, gates):
        """In the child: keep only what the case needs, then carry out its commands."""
        try:
            os.close(self.lines.fd)
            os.close(self.control_out)
            os.close(commands[1])
            for end in [p[0] for p in pipes.values()] + [g[1] for g in gates]:
                os.close(end)
            fds = dict((name, pipes[name][1]) for name in pipes)
            fds.update(commands=commands[0], gates=[g[0] for g in gates])
            case.run(self.module, self.names, fds, self.cooperative)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(70)

    def tell_child(self, line):
        try:
            _write(self.child.commands, line + b"\n")
        except OSError as error:  # it just died; watch() will say so
            if error.errno != errno.EPIPE:
                raise

    def open_gate(self, order):
        if self.child is not None:
            _write(self.child.gates[order["index"]], b"g" * order["count"])

    def ask_for_stacks(self, order):
        if self.child is not None:
            _signal(os.kill, self.child.pid, signal.SIGUSR1)

    def pump(self, ready):
        """Pass on what came. Whoever has an answer has whatever was printed before it, too.

        So output goes first, and is looked for again once events were read: select() may have
        looked at it just before it came. One read takes all that a pipe holds.
        """
        events_fd = [fd for fd in ready if self.child.pipes[fd] == "events"]
        data = [(fd, _read(fd, 65536)) for fd in events_fd]
        if events_fd:
            ready = _ready([fd for fd in self.child.pipes if fd not in events_fd], 0)
        for fd, got in [(fd, _read(fd, 65536)) for fd in ready] + data:
            name = self.child.pipes[fd]
            if not got:
                os.close(fd)
                del self.child.pipes[fd]
            elif name == "events":
                self.say_lines(got)
            else:
                self.say_output(name, got)

    def say_lines(self, data):
        """Whole lines only, so that nothing of ours comes to stand inside one of the child's."""
        lines, newline, rest = (self.child.rest + data).rpartition(b"\n")
        if newline:
            self.say_raw(lines + newline)
        self.child.rest = rest
        if len(rest) > GARBAGE_OCTETS:
            self.child.rest = b""
            self.say(r="garbage", text=rest[:200].decode("latin-1"))

    def say_output(self, name, data):
        """Pass on what was printed, up to a limit; past it, only how much there was."""
        child = self.child
        room = max(0, KEPT_OUTPUT_OCTETS - child.kept[name])
        kept = data[:room]
        child.kept[name] += len(kept)
        child.dropped[name] += len(data) - len(kept)
        if kept:
            self.say(r=name, text=kept.decode("latin-1"))

    def watch(self):
        """Notice that the child ended by itself, or that its time is up."""
        child = self.child
        pid, status = _waitpid(child.pid, os.WNOHANG)
        if pid:
            child.status = status
            self.finish("died")
        elif events.clock() > child.deadline:
            self.collect_stacks()
            self.finish("deadline")

    def collect_stacks(self):
        """Ask for them, and pass on what comes until it is quiet; nothing may come at all."""
        self.ask_for_stacks({})
        limit = events.clock() + STACKS_S
        heard = False
        while events.clock() < limit:
            ready = _ready(list(self.child.pipes), QUIET_S)
            if heard and not ready:
                break
            heard = heard or "stderr" in [self.child.pipes[fd] for fd in ready]
            self.pump(ready)

    def end_case(self, order):
        if self.child is not None:
            self.finish("ended")

    def finish(self, why):
        """Kill whatever is left of the case, pass on the last words, report its end."""
        child = self.child
        _signal(os.killpg, child.pid, signal.SIGKILL)
        if child.status is None:
            child.status = _waitpid(child.pid, 0)[1]
        for _ in range(LAST_READS):  # bounded: somebody outside the group may keep writing
            ready = _ready(list(child.pipes), 0)
            if not ready:
                break
            self.pump(ready)
        if child.rest:
            self.say(r="garbage", text=child.rest[:200].decode("latin-1"))
        child.close()
        self.child = None
        self.say(r="over", why=why, status=child.status, dropped=child.dropped)

    def leave(self):
        """The harness is gone: leave nothing behind."""
        if self.child is not None:
            _signal(os.killpg, self.child.pid, signal.SIGKILL)
        os._exit(0)


def _ready(fds, timeout_s):
    try:
        return _select(fds, [], [], timeout_s)[0]
    except select.error as error:  # Python 2 does not retry (PEP 475)
        if error.args[0] != errno.EINTR:
            raise
        return []


def _signal(function, pid, number):
    """Send a signal to a process or group of ours that may be gone already."""
    try:
        function(pid, number)
    except OSError as error:
        if error.errno not in (errno.ESRCH, errno.EPERM, errno.EACCES):
            raise
