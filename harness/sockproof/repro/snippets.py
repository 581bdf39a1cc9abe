"""The small functions that scripts are made with; each script has those that it calls.

They run on Python 2.7 and 3 alike, and wait for nothing longer than HANG_S.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sockproof.repro.client_functions import CLIENT_FUNCTIONS
from sockproof.repro.waiting_functions import WAITING_FUNCTIONS, shorter

__all__ = ["NOTING", "functions_for", "modules_for"]

_LOAD = '''
def load(module):
    """The module to look at: a path that ends with .py, or a dotted name."""
    place, name = os.path.split(os.path.abspath(module))
    sys.path.insert(0, place)
    return importlib.import_module(name[:-3] if name.endswith(".py") else name)
'''
_END = '''
def end(status, *told):
    """Say it and leave at once, whatever still runs."""
    try:
        print(*told)
        sys.stdout.flush()
    finally:  # whether anybody hears it or not
{more}        os._exit(status)
'''
_UNKEPT = "        os.getppid() == KEEPER or os.killpg(0, signal.SIGKILL)\n"
"""Where nobody is left to end the children, it ends together with them."""
_CANNOT_TELL = """
def cannot_tell(*problem):
    end(2, "".join(traceback.format_exception(*problem)))
"""
_NOTE = '''
def note(what, *more):
    """Remember that it happened, here or in another thread."""
    log.append((what,) + more)
'''
_NOTE_FORKING = '''
def note(what, *more):
    """Remember that it happened, here or in a child: one line of a pipe."""
    os.write(told, (repr((what,) + more) + "\\n").encode())

def listen():
    for line in iter(os.fdopen(heard, "rb").readline, b""):
        log.append(ast.literal_eval(line.decode()))
'''
_NOTE_WITH_PIDS = '''
def note(what, *more):
    """Remember that it happened, here or in a child: one line of a pipe."""
    os.write(told, (repr((what,) + more + (os.getpid(),)) + "\\n").encode())

def listen():
    for line in iter(os.fdopen(heard, "rb").readline, b""):
        entry = ast.literal_eval(line.decode())
        pids.append(entry[-1])
        log.append(entry[:-1])
'''
"""Where children are named."""
NOTING = {
    False: ["log = []  # what happened, in this order"],
    True: [
        "log, pids, (heard, told) = [], [], os.pipe()  # what happened, in this order",
        'start("listener", listen)',
    ],
}
"""What noting stands on, by whether the server forks."""

_FUNCTIONS = {
    **WAITING_FUNCTIONS,
    "details": '''
def details(what, count=None):
    """What was told each time that it happened."""
    return [entry[1] for entry in list(log) if entry[0] == what and len(entry) > 1][:count]
''',
    "children": '''
def children():
    """The children that have told something, in this order."""
    own = os.getpid()
    return [pid for n, pid in enumerate(pids) if pid != own and pid not in pids[:n]]
''',
    "place": '''
def place():
    """Where this runs."""
    if os.getpid() != OWN_PID:
        return "a child"
    name = threading.current_thread().name
    known = name == "MainThread" or "serve_forever" in name
    return {"MainThread": "main thread"}.get(name, "the loop's thread") if known else "a thread"
''',
    "plain": '''
def plain(value):
    """Plain data as it is, a socket and anything else by its kind."""
    if isinstance(value, dict):
        return dict((key, plain(one)) for key, one in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return (tuple if isinstance(value, tuple) else list)(map(plain, value))
    if value is None or isinstance(value, (bool, int, float, str, bytes, type(u""))):
        return value
    return "a socket" if hasattr(value, "recv") else "<%s>" % type(value).__name__
''',
    "attempt": '''
def attempt(call, *arguments):
    """Its value, or what it raises."""
    try:
        return call(*arguments)
    except Exception as error:
        number = errno.errorcode.get(getattr(error, "errno", None) or 0, "")
        return ("raises %s %s" % (type(error).__name__, number)).strip()
''',
    "bounded": '''
def bounded(call, *arguments):
    """The same of a call that may not return."""
    ended = []
    thread = threading.Thread(target=lambda: ended.append(attempt(call, *arguments)))
    thread.daemon = True
    thread.start()
    thread.join(HANG_S)
    return ended[0] if ended else "does not return"
''',
    "start": '''
def start(name, call, *arguments, **keywords):
    """Call it in a thread of its own."""
    thread = threading.Thread(target=call, name=name, args=arguments, kwargs=keywords)
    thread.daemon = True
    thread.start()
    return thread
''',
    "telling": '''
def telling(name, call):
    """The same function, which notes its end."""
    def body(*arguments, **keywords):
        try:
            call(*arguments, **keywords)
        finally:
            note(name + " ended")
    return body
''',
    "telling_how": '''
def telling_how(name, call):
    """The same function, which notes how it ends."""
    def body(*arguments, **keywords):
        try:
            value = plain(call(*arguments, **keywords))
        except BaseException as error:
            value = "raises " + type(error).__name__
        note(name + " ended", value)
    return body
''',
    **CLIENT_FUNCTIONS,
    "stop": '''
def stop(server, *loops):
    """End its loops and close it."""
    if any(loop.is_alive() for loop in loops):
        server.shutdown()
    for loop in loops:
        loop.join(HANG_S)
    server.server_close()
''',
    "descriptors": '''
def descriptors():
    """How many are open."""
    gc.collect()
    return len(os.listdir("/proc/self/fd"))
''',
    "own_children": '''
def own_children():
    """How many there are, whichever thread has forked them."""
    told = glob.glob("/proc/self/task/*/children")
    return sum(len(open(path).read().split()) for path in told)
''',
    "fail": """
def fail(exception, message="on purpose"):
    raise {"ValueError": ValueError, "OSError": OSError, "socket.error": socket.error,
           "SystemExit": SystemExit, "KeyboardInterrupt": KeyboardInterrupt}[exception](message)
""",
    "brief": '''
def brief(data):
    """Long octets as their length and digest."""
    return (len(data), hashlib.sha256(data).hexdigest()[:16]) if len(data) > 256 else data
''',
    "find": """
def find(name):
    return getattr(socketserver, name)
""",
    "own_name": """
def own_name(name):
    return name
""",
    "emit": """
def emit(what, **more):
    note(what, more)
""",
}
_CLASSES = {
    "OwnExit": "\nclass OwnExit(BaseException):\n    pass\n",
    "Unprintable": "\nclass Unprintable(Exception):\n    def __str__(self):\n        raise "
    'RuntimeError("no words")\n',
}
_MODULES = (
    *(
        "ast",
        "errno",
        "gc",
        "glob",
        "hashlib",
        "importlib",
        "os",
        "select",
        "shutil",
        "signal",
        "socket",
        "struct",
    ),
    *("sys", "tempfile", "threading", "time", "traceback"),
)


def functions_for(text: str, *, forking: bool) -> list[str]:
    """The functions that a text calls, and those that these call, each before its callers."""
    remove = "        shutil.rmtree(folder, True)\n" if re.search(r"\bfolder\b", text) else ""
    end = _END.format(more=remove + (_UNKEPT if forking else ""))
    note = _NOTE_WITH_PIDS if "children()" in text else _NOTE_FORKING
    always = {"load": _LOAD, "end": end, "cannot_tell": _CANNOT_TELL}
    known = {**_CLASSES, "note": note if forking else _NOTE, **_FUNCTIONS, **shorter(text)}
    wanted: dict[str, str] = {}
    pending = [text]
    while pending:
        told = pending.pop()
        for name, source in known.items():
            if name not in wanted and re.search(rf"(?<![\w.]){name}\(", told):
                wanted[name] = source
                pending.append(source)
    return [*always.values(), *(known[name] for name in known if name in wanted)]


def modules_for(texts: Iterable[str]) -> list[str]:
    """The modules of the standard library that the texts use."""
    text = "\n".join(texts)
    return [name for name in _MODULES if re.search(rf"(?<![\w.\"']){name}\.", text)]
