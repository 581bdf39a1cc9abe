"""The trust boundary: what records, definitions, interpreters and implementations say is data.

It names no command, no file, no folder and no class that is used, and no terminal obeys it. A row
is what is given, the command, its status, and the first line that it says.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sockproof._paths import kit_dir
from suites.selftest.hostile_data import CASE, OBEYED, Ground, record_text
from suites.selftest.runs import DEADLINE_S, command, environment, in_terminal, sockproof_

PARTS = 24
DONE, OTHERWISE, FAULT, USAGE = 0, 1, 3, 4
NOT_RUN = r"sockproof: error: theirs.jsonl is of .*: what a record names is not run by itself; give"
NO_TRANSCRIPT = "sockproof: the record keeps no transcript of this case"
PLAY = ("-k", CASE.partition("[")[0], "--spec", "TCP/inet", "-n", "0", "--report-dir", "out")
LIVES = "generated/any-legal-call-order[UnixStream/path]"
REPLAY = ("replay", "theirs.jsonl", CASE)
REPORT = ("report", "theirs.jsonl", "--report-dir", "out")
HARM = "import os; os.kill(os.getppid(), 9)"


def theirs(given: str = "", **case: object) -> Callable[[Ground], None]:
    """A record whose header has this as what was tested. ``@`` is the folder beside ours."""

    def put(ground: Ground) -> None:
        text = given.replace("@/", f"{ground.elsewhere}/").replace("RAN", str(ground.ran))
        ground.put("theirs.jsonl", record_text({"given": text}, **case))

    return put


def called(iut_id: str) -> Callable[[Ground], None]:
    """A record of an implementation that is called so."""
    return lambda ground: _put_record(ground, {"id": iut_id.replace("@", str(ground.elsewhere))})


def _put_record(ground: Ground, told: Mapping[str, object], **case: object) -> None:
    ground.put("theirs.jsonl", record_text({"given": sys.executable, **told}, **case))


def in_the_way(*names: str) -> Callable[[Ground], None]:
    """Links where reports are to be, which lead to a file of the user's."""

    def put(ground: Ground) -> None:
        _put_record(ground, {})
        (ground.home / "out").mkdir()
        for name in names:
            (ground.home / "out" / name).symlink_to(ground.elsewhere / "victim")

    return put


def file(name: str, text: str) -> Callable[[Ground], None]:
    """A file where the command is called."""

    def put(ground: Ground) -> None:
        ground.put(name, text)

    return put


def server_at(address: str, name: str) -> Callable[[Ground], None]:
    """A module whose servers say that they are at another address than they are."""

    def put(ground: Ground) -> None:
        text = repr(address.replace("ELSEWHERE", str(ground.elsewhere)))
        said = address if address.startswith("(") else text
        steps = [{"do": step} for step in ("construct", "server_close()", "reopen")]
        life = {"case": LIVES, "plan": {"spec": "UnixStream/path", "moves": steps}}
        ground.put("life.json", json.dumps(life))
        ground.put(
            "its.py",
            f"from socketserver import *\nclass {name}({name}):\n"
            f"    def server_bind(self): super().server_bind(); self.server_address = {said}",
        )

    return put


@dataclass(frozen=True)
class Provocation:
    """What is put where a command is called, what is called, and what must come of it."""

    put: Callable[[Ground], None]
    words: Sequence[str]
    status: int
    says: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    runs: bool = False
    lies: Mapping[str, str] = field(default_factory=dict)


COMMANDS_OF_RECORDS = {
    "command": "sh -c 'touch RAN'",
    "program": "./prog",
    "program elsewhere": "@/../home/user/prog",
    "file": "./evil.py",
    "module": "evil",
    "definition": "evil.toml",
    "file under python3": "./evil.py@python3",
    "runtime under a program": "gevent@./prog",
    "interpreter with a script": f"{sys.executable} evil.py",
    "interpreter with variables": "env PYTHONSTARTUP=evil.py python3",
    "interpreter with a line feed": f"{sys.executable}\n",
    "NUL": "./prog\0",
}
HEADER = {
    "argv": ["./prog"],
    "executable": "./prog",
    "preload": HARM,
    "module": "evil",
    "module_file": "evil.py",
    "classes": {"TCPServer": "evil"},
    "env": {"PATH": "."},
}
FAILS = {"verdict": "FAIL", "expected": OBEYED, "actual": OBEYED + "\n  1 of 1 ended as stored"}
STEPS = [{"t_s": 0.1, "lane": OBEYED, "what": OBEYED, "note": OBEYED, "error": OBEYED}]
CONNECTED: dict[str, object] = {"t_s": 0.1, "lane": "peer", "what": "connect"}
CONNECTED["note"] = "('127.0.0.1', 1) to ('127.0.0.1', 2)"
SENT: dict[str, object] = {"t_s": 0.2, "lane": "peer", "what": "send"}
LEAKS = {"verdict": "leaked", "leaks": [OBEYED]}
LOUD = {**FAILS, "teardown": LEAKS, "transcript": STEPS, "observations": {OBEYED: OBEYED}}
IDS = ("/@/NAME", "../../NAME", "..", ".", "", "x" * 300, "a\0b", "a\nb", ".hidden", "-rf", "a/b")

PROVOCATIONS: dict[str, Provocation] = {
    **{
        f"replay of a {what}": Provocation(theirs(given), REPLAY, USAGE, NOT_RUN)
        for what, given in COMMANDS_OF_RECORDS.items()
    },
    "repro of a command": Provocation(
        theirs("sh -c 'touch RAN'"), ("repro", "theirs.jsonl", CASE, "-o", "x.py"), USAGE, NOT_RUN
    ),
    "repro of a file": Provocation(
        theirs("./evil.py"), ("repro", "--record", "theirs.jsonl", CASE), USAGE, NOT_RUN
    ),
    "pcap plays nothing of it": Provocation(
        theirs("./prog"),
        ("pcap", "theirs.jsonl", CASE, "-o", "out.pcapng"),
        USAGE,
        "sockproof: error: theirs.jsonl keeps no transcript",
    ),
    **{
        f"pcap of {what}": Provocation(
            theirs("./prog", transcript=[CONNECTED, step]),
            ("pcap", "theirs.jsonl", CASE, "-o", "out.pcapng"),
            FAULT,
            "sockproof: error: the transcript ",
        )
        for what, step in {
            "endless octets": {**SENT, "octets": {"text": "x", "length": 1 << 60, "sha256": ""}},
            "less than no octets": {**SENT, "octets": {"text": "x", "length": -9, "sha256": ""}},
            "an address that is none": {**CONNECTED, "note": "('x', 1) to ('/etc', 1)"},
            "a port that is none": {**CONNECTED, "note": "('::1', 1) to ('::1', 99999999)"},
        }.items()
    },
    "pcap of the end of time": Provocation(
        theirs("./prog", transcript=[CONNECTED, {**CONNECTED, "t_s": 1e300}]),
        ("pcap", "theirs.jsonl", CASE, "-o", "out.pcapng"),
        FAULT,
        "sockproof: error: theirs.jsonl line 3: Expected 'float' <= ",
    ),
    "bisect takes no record": Provocation(
        theirs("./prog"), ("bisect", "theirs.jsonl"), USAGE, "sockproof: error: no requirement"
    ),
    "compare plays no record": Provocation(
        theirs("./prog"), ("compare", "theirs.jsonl", "theirs.jsonl"), DONE, "  .* identical"
    ),
    "python3 that is first on a PATH of here": Provocation(
        theirs("python3"), REPLAY, USAGE, NOT_RUN, {"PATH": ".:/usr/bin:/bin"}
    ),
    "python9.9 that is only here": Provocation(
        theirs("python9.9"), REPLAY, USAGE, NOT_RUN, {"PATH": "/usr/bin:/bin"}
    ),
    "record that is trusted": Provocation(
        theirs("sh prog"),
        (*REPLAY, "--trust-record"),
        FAULT,
        "sockproof: runs what theirs.jsonl names: sh prog$",
        runs=True,
    ),
    "file of a record that is trusted": Provocation(
        theirs("./evil.py"),
        (*REPLAY, "--trust-record"),
        FAULT,
        "sockproof: runs what theirs.jsonl names: .* with the module .*/evil.py$",
        runs=True,
    ),
    "trust in no record": Provocation(
        theirs(), ("replay", CASE, "--trust-record"), USAGE, ".* --trust-record without a record"
    ),
    "implementation named in the call": Provocation(
        theirs("./prog"), (*REPLAY, "--iut", sys.executable), DONE, NO_TRANSCRIPT
    ),
    "more in the header than was tested": Provocation(
        lambda ground: _put_record(ground, HEADER), REPLAY, DONE, NO_TRANSCRIPT
    ),
    "plan that is none": Provocation(
        theirs("./prog", generated={"failing": {"spec": HARM}}),
        REPLAY,
        USAGE,
        "sockproof: error: theirs.jsonl: .* plays no plan of import os",
    ),
    **{
        f"record of {iut_id[:12]!r}": Provocation(called(iut_id), REPORT, DONE, "  1 case")
        for iut_id in IDS
    },
    "links where a record and its reports are to be": Provocation(
        in_the_way("theirs.jsonl", "report.html", "summary.md", "junit.xml", "badge.json"),
        REPORT,
        DONE,
        "  1 case",
    ),
    "links where a run writes": Provocation(
        in_the_way(f"cpython-{sys.version.split()[0]}.jsonl", "report.html"),
        ("run", *PLAY),
        DONE,
        "  1 of 1 cases",
    ),
    "interpreter that is called like a path": Provocation(
        theirs(), ("run", *PLAY), DONE, "  1 of 1 cases", lies={"name": "'../../elsewhere/x'"}
    ),
    "interpreter whose name is no text": Provocation(
        theirs(), ("run", *PLAY), FAULT, ".* in no order: ", lies={"name": "['x']"}
    ),
    "interpreter whose name is endless": Provocation(
        theirs(), ("run", *PLAY), FAULT, ".* in no order: ", lies={"name": "'x' * 300"}
    ),
    "definition with a name that is a path": Provocation(
        file("its.toml", "name = '../../elsewhere/x'"),
        ("run", "--iut", "its.toml", *PLAY),
        USAGE,
        "sockproof: error: its.toml: 'name'",
    ),
    "definition with a class that is code": Provocation(
        file("its.toml", '[classes]\nTCPServer = \'x"), __import__("evil"), ("\''),
        ("run", "--iut", "its.toml", *PLAY),
        USAGE,
        "sockproof: error: its.toml: classes: 'TCPServer'",
    ),
    "definition with more than it may say": Provocation(
        file("its.toml", "run = './prog'"),
        ("run", "--iut", "its.toml", *PLAY),
        USAGE,
        "sockproof: error: its.toml: unknown key 'run'",
    ),
    **{
        f"{words[0]} of texts that a terminal obeys": Provocation(
            lambda ground: _put_record(ground, {"id": OBEYED}, **LOUD), words, status
        )
        for words, status in (
            (REPORT, OTHERWISE),
            (REPLAY, OTHERWISE),
            (("compare", "theirs.jsonl", "theirs.jsonl"), DONE),
            (("expect", "theirs.jsonl"), DONE),
        )
    },
    "record with such a command": Provocation(theirs(OBEYED), REPLAY, USAGE, NOT_RUN),
    "module that raises such words": Provocation(
        file("its.py", f"raise ImportError({OBEYED!r})"),
        ("run", "--iut", "./its.py", *PLAY),
        FAULT,
        r"sockproof: ./its.py: loading the module under test failed: ImportError: \\x1b\]0;owned",
    ),
    "interpreter that dies with such words": Provocation(
        file("its.py", f"import os\nos.write(2, {OBEYED.encode()!r})\nos._exit(7)"),
        ("run", "--iut", "./its.py", *PLAY),
        FAULT,
        r"sockproof: ./its.py: no answer, the interpreter ended with status 7: \\x08;",
    ),
    "server that says it is on another machine": Provocation(
        server_at("('192.0.2.1', 80)", "TCPServer"),
        ("run", "--iut", "./its.py", *PLAY),
        FAULT,
        ".* the smoke exchange failed: expected server_address is on this machine",
    ),
    "server that says its socket is a file of the user's": Provocation(
        server_at("ELSEWHERE/victim", "UnixStreamServer"),
        ("replay", "life.json", "--iut", "./its.py"),
        OTHERWISE,
        "  generated/any-legal-call-order",
    ),
    "server that raises such words": Provocation(
        file(
            "its.py",
            "from socketserver import *\nclass TCPServer(TCPServer):\n"
            f"    def shutdown_request(self, request): raise OSError({OBEYED!r})",
        ),
        ("run", "--iut", "./its.py", *PLAY),
        OTHERWISE,
        "sockproof: its|  1 of 1 cases",
    ),
}


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """A folder with what others have put there."""
    return Ground(tmp_path)


def words_of(one: Provocation, ground: Ground) -> list[str]:
    """What is called: on an interpreter that lies, if there is one."""
    iut = ["--iut", ground.interpreter_that_says(**one.lies)] if one.lies else []
    return [*one.words, *iut]


def assert_nothing_done(ground: Ground, one: Provocation, before: Mapping[str, str]) -> None:
    """Nothing outside of the report folder is another, and nothing of theirs was run."""
    assert ground.ran.exists() is one.runs
    ground.ran.unlink(missing_ok=True)
    assert ground.tree() == before


@pytest.mark.by_turns(PARTS)
@pytest.mark.parametrize("name", PROVOCATIONS)
def test_data_is_not_obeyed(name: str, ground: Ground) -> None:
    """It ends as it must, says so first, writes in the report folder alone, and runs nothing."""
    one = PROVOCATIONS[name]
    one.put(ground)
    words, before = words_of(one, ground), ground.tree()

    ended = sockproof_(ground.home, *words, **{"PYTHONDONTWRITEBYTECODE": "1", **one.variables})

    told = ended.stderr + ended.stdout
    assert (ended.status, bool(re.match(one.says, told, re.MULTILINE))) == (one.status, True), told
    assert re.findall(r"[^\t\n\x20-\x7e\u2026\u2192]", told) == []
    assert "Traceback" not in told
    assert_nothing_done(ground, one, before)
    for path in (ground.home / "out").glob("*"):
        assert re.fullmatch(r"[\w+][\w.+-]{0,110}", path.name, re.ASCII)
        assert not path.is_symlink()


@pytest.mark.by_turns(3)
def test_pytest_in_a_checkout_is_told_visible_text(ground: Ground) -> None:
    """It prints what is told of a failure, which an implementation may have worded."""
    module = ground.put(
        "its.py",
        "from socketserver import *\nclass ThreadingTCPServer(ThreadingTCPServer):\n"
        f"    def verify_request(self, request, address): raise OSError({OBEYED!r})\n"
        f"    def server_activate(self): raise OSError({OBEYED!r})",
    )
    file = kit_dir() / "suites" / "dispatch" / "test_refusal.py"
    words = ["-p", "no:cacheprovider", f"--iut={module}", "--spec=ThreadingTCP/inet", "-n0"]

    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *words, str(file)],
        cwd=ground.home,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )

    assert (ended.returncode, "owned" in ended.stdout) == (1, True), ended.stdout
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2066]", ended.stdout) == []


@pytest.mark.parametrize("words", [REPORT, REPLAY], ids=["report", "replay"])
def test_terminal_obeys_our_colours_alone(words: Sequence[str], ground: Ground) -> None:
    """On a real one, too: nothing of the data's is left once our own sequences are taken away."""
    _put_record(ground, {"id": OBEYED}, **LOUD)
    started = {"cwd": ground.home, "env": environment(TERM="xterm-256color")}

    told = in_terminal(command(*words), 100, **started).stdout

    assert "owned" in told
    assert (r"\x1b" in told, "\x1b[1m" in told) == (True, words is REPORT)
    # Colours; and of a line that moves: its cursor, what clears it, and its wheel.
    plain = re.sub(r"\x1b\[(?:[0-9;]*m|\?25[lh]|1A|2K)|[\u2800-\u28ff]", "", told)
    assert re.findall(r"[^\t\r\n\x20-\x7e\u2026\u2192]", plain) == []
    assert len(re.findall("^ *[01] of 1 ended as stored", plain, re.MULTILINE)) <= 1
