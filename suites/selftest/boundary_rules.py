"""The trust boundary in our own source: which modules may start programs, run text, write files,
print, and take the text of an implementation. Each has its reason; whoever is new needs one.

The agent is left out: it is inside of what is tested, and has nothing of the user's. A rule yields
what it finds as ``path:line: what is wrong``; BOUNDARIES is the table of them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from suites.selftest.source_rules import AGENT, Module

__all__ = ["BOUNDARIES", "Boundary"]

PACKAGE = "harness/sockproof/"


@dataclass(frozen=True)
class Boundary:
    """What only the modules in ``may`` do, by their paths below the package: what matches
    ``pattern``, of the texts that :func:`said` makes of calls and names."""

    pattern: str
    may: Mapping[str, str]

    def __call__(self, modules: Sequence[Module]) -> Iterator[str]:
        for module in modules:
            if self.path_of(module) not in self.may:
                yield from (f"{module.path}:{line}: {text}" for line, text in self.found(module))

    def found(self, module: Module) -> Iterator[tuple[int, str]]:
        """Where the module does it, and how."""
        if module.path.startswith(PACKAGE) and not module.path.startswith(AGENT):
            for line, text in said(module):
                if re.match(self.pattern, text):
                    yield line, text

    @staticmethod
    def path_of(module: Module) -> str:
        return module.path.removeprefix(PACKAGE)


def said(module: Module) -> Iterator[tuple[int, str]]:
    """Calls as ``name(``, with what they write to in words, other names as they are, and imports
    as ``import a.b``."""
    yield from ((found.line, f"import {found.name}") for found in module.imports)
    for node in module.nodes:
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield node.lineno, f"{_owner(node.func)}{name}({_mode(node)}"
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                yield node.lineno, f"{owner}.{name}"


def _owner(function: ast.expr) -> str:
    match function:
        case ast.Attribute(value=ast.Name(id=owner)):
            return f"{owner}."
        case ast.Attribute():
            return "."
    return ""


def _mode(call: ast.Call) -> str:
    """The words and the flags that a call is given, such as the mode of a file."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    words = [one.value for one in values if isinstance(one, ast.Constant)]
    return " ".join(str(word) for word in words)


# By calls of subprocess, os and others; by text that becomes code.
_STARTS = (
    r"(import )?(subprocess|multiprocessing|pty|concurrent\.futures\.ProcessPool)\b|os\.(system|"
    r"popen|fork|forkpty|exec\w*|spawn\w*|posix_spawn\w*|startfile)\b|from_spawn"
)
_RUNS_TEXT = (
    r"(exec|eval|compile|__import__)\(|importlib\.\w|import importlib\.(util|machinery)|runpy\.|"
    r"(pickle|marshal|shelve|dill)\.(load|loads|Unpickler)|yaml\.load"
)
_WRITES = (
    r"[\w.]*\bopen\([^)]*\b[rwxa]?b?[wxa+]|os\.(open|mknod|mkfifo|replace|rename|remove|unlink|"
    r"rmdir|mkdir|makedirs|symlink|link|truncate|chmod|chown|utime)\b|shutil\.(copy\w*|move|rmtree"
    r"|make_archive|unpack_archive)|tempfile\.|import tempfile\.|[\w.]*\.(write_text|write_bytes|"
    r"mkdir|touch|unlink|rmdir|rename|symlink_to|hardlink_to|chmod|extractall)\("
)
_PRINTS = (
    r"print\(|click\.(echo|secho|echo_via_pager)|sys\.__?(stdout|stderr)|sys\.(stdout|stderr)|"
    r"os\.write|traceback\.print|(\w*\.)?Console\(|.*\bfrom_(ansi|markup)\(|import rich\.print|"
    r"faulthandler\."
)

BOUNDARIES: Mapping[str, Boundary] = {
    "starts programs": Boundary(
        _STARTS,
        {
            "iut/interpreter.py": "the implementation that the user names",
            "iut/discovery.py": "interpreters on PATH and of pyenv, to ask what they are",
            "iut/channel.py": "waits for what iut/interpreter.py has started",
            "iut/program.py": "waits for what iut/interpreter.py has started",
            "repro/trial.py": "a script that was made here, on what the user names",
            "mutation/cpython_tests.py": "CPython's own tests, on the interpreter that is named",
            "mutation/platform_tests.py": "asks the interpreter that is named what it has",
            "mutation/crew.py": "workers of ours",
            "mutation/player.py": "is such a worker",
            "commands/bench.py": "workers of ours",
            "commands/floors.py": "a server by hand, to compare with",
            "commands/signatures.py": "ssh-keygen, when the user asks for a signature",
            "iut/asked_program.py": "what is named, to hear what it says",
            "iut/survivor.py": "the process that cleans up after this one",
            "iut/started.py": "ends what iut/interpreter.py has started",
            "run/background.py": "copies of a worker, each of which plays a case",
            "run/isolation.py": "the processes of a run that is isolated",
            "run/namespaces.py": "a process that maps users for this one",
            "check/network_trial.py": "a copy of this process, to try the program elsewhere",
            "check/program_life.py": "the program that the user names, and what ends it",
            "check/shipped/servers/activated_lines.py": "becomes the server of that name",
            "check/stacks.py": "py-spy, on processes of the server that the user names",
            "check/invariants/beginning.py": "that program once more, in namespaces of its own",
            "check/invariants/silent_names.py": "is what runs in there",
        },
    ),
    "runs text": Boundary(
        _RUNS_TEXT,
        {
            "commands/cli.py": "imports the command that is named, of a table",
            "check/starter.py": "is the program that makes a server of the user's class",
            "run/plan.py": "reads what it has written, in a folder of our own",
            "iut/machine.py": "the trials of features, which are texts of its own",
            "run/worker_start.py": "runs what xdist hands to its workers",
            "generate/alike.py": "imports a part of Hypothesis, by a name of ours",
            "mutation/mutator.py": "compiles a mutant, and runs it not",
            "mutation/named.py": "compiles a mutant, and runs it not",
            "mutation/pairs.py": "compiles a mutant, and runs it not",
        },
    ),
    "writes files": Boundary(
        _WRITES,
        {
            "whole_file.py": "the files that the user names",
            "output_folder.py": "the files of a report, all in one folder",
            "record/writer.py": "the record that the user names, line by line",
            "own_folder.py": "temporary folders, and those that the dead have left",
            "iut/aftermath.py": "removes the folders of a process of ours that died",
            "run/plan.py": "the plan, in a folder of our own",
            "run/background.py": "a pipe",
            "run/isolation.py": "the report folder, before it is all that may be written",
            "run/namespaces.py": "the users of a namespace of ours, below /proc",
            "run/lifetime.py": "tells workers of an interrupt, in that folder",
            "iut/addresses.py": "socket files, in that folder",
            "check/invariants/senders.py": "those of senders that are gone, in a folder of a check",
            "generate/life_playing.py": "removes a socket file of that folder",
            "repro/trial.py": "a script to try, in a temporary folder",
            "mutation/subjects.py": "mutants, in a temporary folder",
            "mutation/cpython_tests.py": "a temporary folder",
            "standard_streams.py": "the null device",
            "commands/bench.py": "rows, in a temporary folder",
            "commands/scaffold.py": "begins a requirement in a clone",
            "check/program_life.py": "what the program prints, in a temporary folder",
            "check/shipped/package_environment.py": "environments, in this user's cache",
            "pytest_fixtures/server_gates.py": "gates that are open, in such a folder",
            "check/invariants/silent_names.py": "its resolver's configuration, in such a folder",
            "watch/whereabouts.py": "removes the socket file that it has bound",
        },
    ),
    "prints": Boundary(
        _PRINTS,
        {
            "standard_streams.py": "makes visible whatever is printed",
            "commands/output.py": "hands those streams to consoles",
            "commands/cli.py": "the traceback of a fault of ours",
            "commands/doctor.py": "asks whether standard output is a terminal",
            "__main__.py": "the last words, where nothing can be loaded",
            "iut/case_pipes.py": "into a pipe",
            "check/network_trial.py": "into a pipe",
            "check/invariants/silent_names.py": "into a pipe: it is a program of its own",
            "check/starter.py": "as a program of the user's does, and is",
            "check/object_counts.py": "is a part of that program",
        },
    ),
    "takes the text of an implementation": Boundary(
        r"(import )?[\w.]*\bparse_iut\b",
        {
            "run/plan.py": "--iut of a run",
            "commands/recorded_iut.py": "--iut, or a record that is trusted",
            "commands/bisect.py": "--iut",
            "commands/bench.py": "--iut",
            "commands/doctor.py": "--iut, or what was found here",
            "commands/operands.py": "an argument that is no record",
            "commands/refresh.py": "an argument",
            "commands/reproducing.py": "the running Python",
            "commands/other_versions.py": "what was found here",
            "mutation/choosing.py": "--iut",
        },
    ),
}
