"""Sends the agent to where it runs: as one bundle over the interpreter's standard input.

The interpreter is started with a one-line program that reads a line of source from its standard
input, octet by octet so as to read nothing ahead, and runs it. That source reads the bundle, moves
the control channel away from descriptors 0, 1 and 2, and starts the agent.
"""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Sequence
from importlib import resources
from pathlib import PurePath

__all__ = ["LOADING", "bundle", "first_command", "sources"]

# The argument of ``-c``. An end of the input ends it, so it cannot outlive the harness. A module in
# the current folder has no say, whatever it is called: ``-c`` puts that folder first.
FIRST_PROGRAM = (
    "import sys;sys.path[:]=[p for p in sys.path if p];import os;"
    "exec(b''.join(iter(lambda:os.read(0,1)or sys.exit(),b'\\n')).decode('ascii'))"
)

# In the order of their imports: each may import those before it.
_MODULES = (
    "events",
    "system_files",
    "looking",
    "guard",
    "outlived",
    "tasks",
    "accounting",
    "lines",
    "gates",
    "hub_gevent",
    "hub_eventlet",
    "green",
    "script",
    "debugging",
    "handlers",
    "own_server",
    "securing",
    "servers",
    "plain_steps",
    "mainthread",
    "case",
    "loading",
    "child",
    "control",
)

# Makes a package of ``sources``, pairs of a module's name and text.
LOADING = """
package = types.ModuleType("_sockproof_agent")
package.__path__ = []
sys.modules["_sockproof_agent"] = package
for name, source in sources:
    module = types.ModuleType(str("_sockproof_agent." + name))
    module.__package__ = "_sockproof_agent"
    module.__file__ = str("<sockproof agent>/" + name + ".py")
    sys.modules[module.__name__] = module
    setattr(package, str(name), module)
    exec(compile(source, module.__file__, "exec"), module.__dict__)
"""

_SECOND_PROGRAM = (
    """
import json, os, sys, types
data = b""
while len(data) < %(length)d:
    part = os.read(0, %(length)d - len(data))
    if not part:
        sys.exit()
    data += part
control_in, control_out = os.dup(0), os.dup(1)
null = os.open(os.devnull, os.O_RDWR)
os.dup2(null, 0)
os.dup2(2, 1)
os.close(null)
sources = json.loads(data.decode("ascii"))
"""
    + LOADING
    + "package.control.Agent(control_in, control_out).run_guarded()"
)


def first_command(argv: Sequence[str]) -> list[str]:
    """The command that starts the interpreter of ``argv`` with the first program.

    ssh joins its words and hands them to a shell: there, the program must be quoted.
    """
    through_shell = PurePath(argv[0]).name == "ssh"
    return [*argv, "-c", shlex.quote(FIRST_PROGRAM) if through_shell else FIRST_PROGRAM]


def sources(*names: str) -> list[tuple[str, str]]:
    """Modules of the agent, each with its text."""
    folder = resources.files("sockproof.iut.agent")
    return [(name, (folder / f"{name}.py").read_text("utf-8")) for name in names]


@functools.cache
def bundle() -> bytes:
    """What is written to the interpreter's standard input before the first command."""
    data = json.dumps(sources(*_MODULES)).encode("ascii")
    program = _SECOND_PROGRAM % {"length": len(data)}
    return f"exec({program!r})\n".encode("ascii") + data
