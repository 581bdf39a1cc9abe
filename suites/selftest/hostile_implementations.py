"""Implementations that leave something behind, die, kill or hang, as a table of source texts.

Each does so when it is imported, in a handler, or in server_close(), and is otherwise Python's own
socketserver. ``MARK`` in a text stands for a word by which its processes are found: some of them
have cleared their environment.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

__all__ = ["ENDS", "LEAVES", "RIGHT", "Moment", "written"]

Moment = str
_MODULE = """
import os, select, signal, socket, subprocess, sys, threading, time
try:
    import _thread, socketserver
    from socketserver import *
except ImportError:
    import thread as _thread, SocketServer as socketserver
    from SocketServer import *

def provoke():
{provocation}

class ThreadingTCPServer(socketserver.ThreadingTCPServer):
    def finish_request(self, *request):
        socketserver.ThreadingTCPServer.finish_request(self, *request)
        {handler}

    def server_close(self):
        socketserver.ThreadingTCPServer.server_close(self)
        {close}
{imported}
"""

_DOUBLE_FORK = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        {prepare}
        os.execve(sys.executable, [sys.executable, "-c", {program!r}, "MARK"], {{}})
    os._exit(0)
else:
    os.wait()
"""
# Each ends by itself some time, should nobody end it.
_WAITS = "import signal; signal.alarm(600); signal.pause()"
_DEAF = (
    "import signal; signal.alarm(600); "
    "[signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; signal.pause()"
)
_FLEES = """
import os, sys
for _ in range(50000):
    if os.fork():
        os._exit(0)
    os.setsid()
"""
_DAEMON = _DOUBLE_FORK.format(prepare="os.closerange(0, 99)", program=_WAITS)
_RAW_THREAD = """
lock = _thread.allocate_lock()
lock.acquire()
_thread.start_new_thread(lock.acquire, ())
"""
_GOT_AWAY = "process still running that got away"
_UNKNOWN_THREAD = "thread that threading does not know"

# What it leaves: source text, and a pattern of what is told of it when a handler leaves it.
LEAVES: Mapping[str, tuple[str, str]] = {
    "raw-thread": (_RAW_THREAD, _UNKNOWN_THREAD),
    "thread-kept-secret": (
        """
        thread = threading.Thread(target=threading.Event().wait)
        thread.daemon = True
        thread.start()
        del threading._active[thread.ident]
        """,
        _UNKNOWN_THREAD,
    ),
    "liar": (
        _RAW_THREAD
        + "os.listdir = lambda *_: []\nos.waitpid = lambda *_: (0, 0)\n"
        + "threading.enumerate = lambda: []\nsignal.getitimer = lambda _: (0, 0)\n",
        _UNKNOWN_THREAD,
    ),
    "daemon": (_DAEMON, _GOT_AWAY),
    "deaf-daemon": (_DOUBLE_FORK.format(prepare="pass", program=_DEAF), _GOT_AWAY),
    "daemon-that-forks-for-ever": (
        _DOUBLE_FORK.format(prepare="os.closerange(0, 99)", program=_FLEES),
        _GOT_AWAY,
    ),
    "daemon-with-the-port": (
        """
        found = [s for s in __import__("gc").get_objects() if type(s) is socket.socket]
        for one in found:
            try:
                if one.fileno() >= 0 and one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    os.set_inheritable(one.fileno(), True)
            except OSError:
                pass
        """
        + textwrap.indent(_DOUBLE_FORK.format(prepare="pass", program=_WAITS), " " * 8),
        r"port \('127",
    ),
    "child": (
        "if os.fork() == 0: signal.alarm(600) or signal.pause()",
        "child process still running",
    ),
    "grandchild-of-a-program": (
        """
        program = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', " + repr(
            "import signal; signal.alarm(600); signal.pause()"
        ) + ", 'MARK'], start_new_session=True, env={})"
        subprocess.call([sys.executable, "-c", program])
        """,
        _GOT_AWAY,
    ),
    "epoll": ("globals()['kept'] = select.epoll()", r"fd \d+ -> anon_inode:\[eventpoll\]"),
    "alarm": (
        "signal.setitimer(signal.ITIMER_REAL, 1000)",
        "timer ITIMER_REAL is armed",
    ),
    "shared-memory": (
        "import ctypes; assert ctypes.CDLL(None).shmget(0, 4096, 0o1600) >= 0",
        r"shared memory \d+",
    ),
}

# What it does while it is imported: source text, and a pattern of the line that tells it.
ENDS: Mapping[str, tuple[str, str]] = {
    "exits": ("os._exit(7)", "no answer, the interpreter ended with status 7"),
    "kills-itself": (
        "os.kill(os.getpid(), signal.SIGKILL)",
        "no answer, the interpreter was killed by SIGKILL",
    ),
    "crashes": (
        "import ctypes; ctypes.string_at(0)",
        "no answer, the interpreter was killed by SIGSEGV",
    ),
    "kills-its-parent": (
        "os.kill(os.getppid(), signal.SIGKILL); signal.alarm(600); signal.pause()",
        "no answer, the interpreter was killed by SIGKILL",
    ),
    "kills-its-group": (
        "os.kill(0, signal.SIGKILL)",
        "no answer, the interpreter was killed by SIGKILL",
    ),
    "stops-its-parent": (
        "os.kill(os.getppid(), signal.SIGSTOP); signal.alarm(600); signal.pause()",
        "no answer within 2 s of starting",
    ),
    "stops-itself": (
        "os.kill(os.getpid(), signal.SIGSTOP)",
        "no answer within 2 s of starting",
    ),
    "hangs": ("while True: pass", "no answer within 2 s of starting"),
    "hangs-with-a-daemon": (
        _DAEMON + "\nwhile True: pass",
        "no answer within 2 s of starting",
    ),
    "closes-everything": (
        "os.closerange(0, 99)\nsignal.alarm(600)\nsignal.pause()",
        "no answer, the interpreter closed its output",
    ),
}

# What is right, though made otherwise than CPython's: source text.
RIGHT: Mapping[str, str] = {
    "raw-thread-that-ends": """
        done = _thread.allocate_lock()
        done.acquire()
        _thread.start_new_thread(lambda: (threading.current_thread(), done.release()), ())
        done.acquire()
        """,
    "pool-that-ends": """
        threads = [threading.Thread(target=int) for _ in range(20)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        """,
    "program": "subprocess.call([sys.executable, '-c', 'import os; os.fork()'])",
    "daemon-that-ends": _DOUBLE_FORK.format(prepare="pass", program="pass"),
    "alarm-that-is-off": """
        signal.setitimer(signal.ITIMER_REAL, 1000)
        signal.setitimer(signal.ITIMER_REAL, 0)
        """,
}


def written(folder: Path, name: str, text: str, moment: Moment, mark: str = "") -> str:
    """A module that does so at that moment (``import``, ``handler``, ``close``), as ``--iut`` takes
    it; its name tells both."""
    body = textwrap.indent(textwrap.dedent(text).strip().replace("MARK", mark), "    ")
    calls = {"handler": "pass", "close": "pass", "imported": "", f"{moment}": "provoke()"}
    calls["imported"] = calls.pop("import", "")
    path = folder / f"{name.replace('-', '_')}_{moment}.py"
    path.write_text(_MODULE.format(provocation=body, **calls), "utf-8")
    return str(path)
