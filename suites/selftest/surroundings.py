"""Surroundings that a command may find itself in, as a table: variables, limits, what is missing.

Each row says what is unlike an ordinary shell, and which fault of ours would show there and only
there: tests play a row as it is, and once more with that fault put in.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["ROWS", "Fault", "Surroundings"]


@dataclass(frozen=True)
class Fault:
    """An edit of a source file of the harness: ``old`` becomes ``new``."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Surroundings:
    """One row.

    ``variables`` are set beside HOME, PATH and TMPDIR, and None takes one of these away. ``shell``
    is done before the command starts, in ``namespaces``, which are options of unshare(1).
    ``options`` are those of the run. ``columns`` is the width of a terminal for all its output.
    ``folder`` is where it is started, and ``checkout`` where sockproof lies: a checkout, or a wheel
    that was ``installed``. ``clock_set_back``: by an hour, once the first case was recorded.
    ``absent`` is a glob of server specs that cannot be played there. ``missing`` says why this
    machine has not what the row needs; empty if it has.

    In variables and shell ``{root}`` is the test's folder, and ``{checkout}`` that of sockproof.
    """

    id: str
    fault: Fault
    variables: Mapping[str, str | None] = field(default_factory=dict)
    shell: str = ":"
    namespaces: Sequence[str] = ()
    options: Sequence[str] = ("-n", "2")
    columns: int = 0
    umask: int | None = None
    folder: str = "work"
    checkout: str = "checkout"
    installed: bool = False
    clock_set_back: bool = False
    absent: str = ""
    missing: Callable[[], str] = lambda: ""

    def environment(self, root: Path) -> dict[str, str]:
        """All variables of the command: an empty environment, but for what every user has."""
        ordinary = {"HOME": "{root}/home", "PATH": PATH, "TMPDIR": "{root}/tmp"}
        told = {**ordinary, **self.variables}
        return {name: self._placed(text, root) for name, text in told.items() if text is not None}

    def command(self, root: Path, arguments: Sequence[str]) -> list[str]:
        """``arguments``, started in these surroundings by whoever has :meth:`environment`."""
        mask = f"umask {self.umask:03o}\n" if self.umask is not None else ""
        shell = f'{mask}{self._placed(self.shell, root)}\nexec "$@"'
        inner = ["/bin/sh", "-euc", shell, "sh", *arguments]
        return [str(UNSHARE), *self.namespaces, "--", *inner] if self.namespaces else inner

    def _placed(self, text: str, root: Path) -> str:
        return text.replace("{root}", str(root)).replace("{checkout}", str(root / self.checkout))


UNSHARE = shutil.which("unshare")
PATH = "/usr/local/bin:/usr/bin:/bin"


def _lacks(*programs: str) -> Callable[[], str]:
    """Why a row cannot be played: programs that are not on PATH, or who may not use unshare."""

    def missing() -> str:
        gone = [program for program in programs if shutil.which(program, path=PATH) is None]
        if gone:
            return f"no {', '.join(gone)} on {PATH}"
        return _lacks_namespaces() if "unshare" in programs else ""

    return missing


@functools.cache
def _lacks_namespaces() -> str:
    """A kernel, or who set it up, may keep user namespaces from us."""
    given = ["unshare", *AS_ROOT, "--mount", "--net", "true"]
    tried = subprocess.run(given, capture_output=True, text=True)
    return "" if tried.returncode == 0 else f"{' '.join(given)}: {tried.stderr.strip()}"


AS_ROOT = ("--user", "--map-root-user")
AS_SOMEBODY = ("--user", "--map-user=1000", "--map-group=1000")
AS_STRANGER = ("--user", "--map-user=54321", "--map-group=54321")  # no passwd knows this one
LONG = "/".join(["a-folder-with-a-rather-long-name"] * 5)
NOWHERE = "/proc/sys/no/such/folder"  # nobody can make it, root neither

RUN = "harness/sockproof/commands/run.py"
ADDRESSES = "harness/sockproof/iut/addresses.py"
MAIN = "harness/sockproof/__main__.py"
STREAMS = "harness/sockproof/standard_streams.py"
_BEGINS = "        interrupt_by(*_ENDINGS)\n"
_REPORT = "output.write(name, report)"


def _at_start(statement: str) -> Fault:
    """The command begins with a statement that goes wrong somewhere."""
    return Fault(MAIN, _BEGINS, f"{_BEGINS}        {statement}\n")


def _at_end(statement: str) -> Fault:
    """The run does something with each report that it has written."""
    return Fault(RUN, f"        {_REPORT}\n", f"        {_REPORT}\n        {statement}\n")


WITHOUT_CODEC = Fault(RUN, _REPORT, 'output.place(name).write_text("×".join(report))')
WARNS = _at_start("__import__('warnings').warn('old', stacklevel=1)")
MAKES_A_HOME = _at_start("os.makedirs(os.path.expanduser('~/.sockproof'), exist_ok=True)")

_VARIABLES = (
    Surroundings("nothing-set", _at_start("os.environ['LANG']")),
    Surroundings(
        "unbuffered",
        Fault(STREAMS, "_text(sys.stdout, 1)", "_text(sys.stdout, sys.stdout.buffer.raw.fileno())"),
        {"PYTHONUNBUFFERED": "1"},
    ),
    Surroundings(
        "no-byte-code",
        _at_start("assert not sys.dont_write_bytecode"),
        {"PYTHONDONTWRITEBYTECODE": "1"},
    ),
    Surroundings("utf8", _at_start("assert not sys.flags.utf8_mode"), {"PYTHONUTF8": "1"}),
    Surroundings("no-utf8", WITHOUT_CODEC, {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    Surroundings("warnings-are-errors", WARNS, {"PYTHONWARNINGS": "error"}),
    Surroundings("warnings-are-shown", WARNS, {"PYTHONWARNINGS": "default"}),
    Surroundings("development-mode", WARNS, {"PYTHONDEVMODE": "1"}),
    Surroundings("optimized", _at_start("(__doc__ + '').strip()"), {"PYTHONOPTIMIZE": "2"}),
    Surroundings(
        "lang-c",
        WITHOUT_CODEC,
        {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ),
    Surroundings(
        "lang-c-utf8", _at_start("assert os.environ.get('LANG') != 'C.UTF-8'"), {"LANG": "C.UTF-8"}
    ),
    Surroundings(
        "no-programs", _at_start("__import__('subprocess').run(['git'])"), {"PATH": NOWHERE}
    ),
)
_FOLDERS = (
    Surroundings("umask-077", _at_end("output.place(name).chmod(0o644)"), umask=0o077),
    Surroundings("umask-002", _at_end("output.place(name).chmod(0o644)"), umask=0o002),
    Surroundings(
        "tmp-long",
        Fault(ADDRESSES, "if len(os.fsencode(base)) <= _LONGEST_FOLDER_OCTETS", "if base"),
        {"TMPDIR": "{root}/tmp/" + LONG},
        'mkdir -p "$TMPDIR"',
    ),
    Surroundings(
        "tmp-with-blanks",
        Fault(ADDRESSES, "tempfile.gettempdir()", "tempfile.gettempdir().split()[0]"),
        {"TMPDIR": "{root}/tmp/two blanks"},
        'mkdir "$TMPDIR"',
    ),
    Surroundings(
        "tmp-elsewhere",
        _at_end("os.rename(__import__('tempfile').mkstemp()[1], output.place('moved'))"),
        shell='mount -t tmpfs none "$TMPDIR"',
        namespaces=(*AS_ROOT, "--mount"),
        missing=_lacks("unshare", "mount"),
    ),
    Surroundings("tmp-missing", _at_end("os.listdir(os.environ['TMPDIR'])"), {"TMPDIR": NOWHERE}),
    Surroundings(
        "tmp-read-only",
        _at_end("__import__('tempfile').mkdtemp(dir=os.environ['TMPDIR'])"),
        # In /tmp, pytest's own folder may be that of root, whom this row only plays.
        {"PYTEST_DEBUG_TEMPROOT": "{root}"},
        shell='mount -t tmpfs -o ro none "$TMPDIR"',
        namespaces=(*AS_ROOT, "--mount"),
        missing=_lacks("unshare", "mount"),
    ),
    Surroundings("home-missing", MAKES_A_HOME, {"HOME": NOWHERE}),
    Surroundings("home-unset", _at_start("os.environ['HOME']"), {"HOME": None}),
    Surroundings(
        "home-read-only",
        MAKES_A_HOME,
        shell='mount -t tmpfs -o ro none "$HOME"',
        namespaces=(*AS_ROOT, "--mount"),
        missing=_lacks("unshare", "mount"),
    ),
    Surroundings(
        "odd-folders",
        _at_start("os.getcwd().encode('ascii')"),
        folder="ein Ordner, größer als 中",
        checkout="noch einer – ‚sockproof‘",
    ),
    Surroundings(
        "installed-read-only",
        _at_start("open(__file__, 'a')"),
        shell='mount --bind "{checkout}" "{checkout}"; mount -o remount,bind,ro "{checkout}"',
        namespaces=(*AS_ROOT, "--mount"),
        installed=True,
        missing=_lacks("unshare", "mount"),
    ),
    Surroundings(
        "no-shared-memory",
        _at_start("__import__('multiprocessing').Lock()"),
        shell="mount -t tmpfs -o ro none /dev/shm",
        namespaces=(*AS_ROOT, "--mount"),
        missing=_lacks("unshare", "mount"),
    ),
)
_MACHINES = (
    Surroundings("no-terminal", _at_start("open('/dev/tty')"), shell=":"),
    Surroundings(
        "narrow-terminal",
        _at_start("assert __import__('shutil').get_terminal_size().columns > 40"),
        {"TERM": "xterm"},
        columns=12,
    ),
    Surroundings("input-closed", _at_start("os.fstat(0)"), shell="exec <&-"),
    Surroundings(
        "one-core",
        _at_start("assert len(os.sched_getaffinity(0)) > 1"),
        shell='taskset -cp "$(taskset -cp $$ | sed "s/.*: *//; s/[-,].*//")" $$ >/dev/null',
        options=("-n", "auto"),
        missing=_lacks("taskset"),
    ),
    Surroundings(
        "four-workers",
        Fault(
            ADDRESSES,
            'Path(tempfile.mkdtemp(prefix="w", dir=parent))',
            'parent / "w"; self.folder.mkdir()',
        ),
        options=("-n", "4"),
    ),
    Surroundings(
        "ordinary-user",
        _at_start("os.chown('.', 0, 0)"),
        namespaces=AS_SOMEBODY,
        missing=_lacks("unshare"),
    ),
    Surroundings(
        "unknown-user",
        _at_start("__import__('pwd').getpwuid(os.getuid())"),
        {"HOME": None},
        namespaces=AS_STRANGER,
        missing=_lacks("unshare"),
    ),
    Surroundings(
        "root-of-a-namespace",
        _at_start("os.seteuid(65534)"),
        namespaces=AS_ROOT,
        missing=_lacks("unshare"),
    ),
    Surroundings(
        "no-ipv6",
        Fault(
            "harness/sockproof/iut/machine.py",
            'probe.bind(("::1", 0))',
            "assert socket.has_ipv6",
        ),
        shell="ip link set lo up; echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6",
        namespaces=(*AS_ROOT, "--net"),
        absent="*/inet6",
        missing=_lacks("unshare", "ip"),
    ),
    Surroundings(
        "clock-set-back",
        Fault("harness/sockproof/record/writer.py", "time.monotonic()", "time.time()"),
        {"LD_PRELOAD": "{root}/clock.so", "CLOCK_SET_BACK_BY_FILE": "{root}/set-back"},
        clock_set_back=True,
        missing=_lacks("cc"),
    ),
)
ROWS = {row.id: row for row in (*_VARIABLES, *_FOLDERS, *_MACHINES)}
"""By id."""
