"""Probing an implementation: what an honest one is found to be, and how every other is refused."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import pytest

from sockproof.errors import IutUnavailable
from sockproof.iut.capabilities import probe
from sockproof.iut.channel import Channel
from sockproof.iut.implementation import Implementation, parse_iut
from sockproof.spec.matrix import ALL_SPECS, spec_by_id
from sockproof.timing import SCALE_VARIABLE
from suites.selftest.agents import INTERPRETERS, implementation_of

THIS = (sys.executable,)


def refusal(implementation: Implementation) -> str:
    """What is said of an implementation that cannot be used; it is one line."""
    with pytest.raises(IutUnavailable) as raised:
        probe(implementation)
    message = str(raised.value)
    assert message.startswith(f"{implementation.given}: ")
    assert "\n" not in message
    return message


def script(folder: Path, body: str) -> Implementation:
    """A command that is no Python at all; ``exec cat`` reads what it is sent to the end."""
    path = folder / "command.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return Implementation("a-script", (str(path),))


def module(folder: Path, text: str) -> Implementation:
    path = folder / "my_server.py"
    path.write_text(text)
    return parse_iut(str(path))


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("name", INTERPRETERS)
def test_an_interpreter_is_found_to_be_what_it_is(name: str) -> None:
    """Its id is its name and version, its level that of its language, its names socketserver's."""
    implementation = implementation_of(name)
    if implementation is None:
        pytest.skip(f"no {name} on this machine")

    probed = probe(implementation)

    own, _, version = probed.id.partition("-")
    assert own == ("pypy" if name == "pypy3" else "cpython")
    assert version.split(".")[0].isdigit()
    assert probed.level == tuple(probed.hello["version"][:2])
    assert {"TCPServer", "ThreadingMixIn", "StreamRequestHandler"} <= probed.capabilities.names


def test_a_module_is_named_after_itself(tmp_path: Path) -> None:
    """A file's implementation has the file's name, and the interpreter's level."""
    probed = probe(module(tmp_path, "from socketserver import *\n"))

    assert probed.id == "my_server"
    assert probed.level == sys.version_info[:2]


def test_classes_under_other_names_are_found(tmp_path: Path) -> None:
    """A mapping of names makes a server usable that calls itself otherwise."""
    module(tmp_path, "from socketserver import *\nLineServer = TCPServer\ndel TCPServer\n")
    path = tmp_path / "mapped.toml"
    path.write_text("module = 'my_server.py'\nclasses = { TCPServer = 'LineServer' }\n")

    probed = probe(parse_iut(str(path)))

    assert "TCPServer" in probed.capabilities.names
    assert "LineServer" not in probed.capabilities.names


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    """A spec without its class, and those mixed from a missing mixin, are told with the reason."""
    source = "from socketserver import *\ndel ThreadingUDPServer, ForkingMixIn\n"

    capabilities = probe(module(tmp_path, source)).capabilities

    def missing(spec_id: str) -> str:
        return capabilities.missing(spec_by_id(spec_id))

    assert missing("TCP/inet") == ""
    assert missing("Threading+UDP/inet") == ""
    assert missing("ThreadingUDP/inet") == "the module has no ThreadingUDPServer"
    assert missing("Forking+TCP/inet") == "the module has no ForkingMixIn"
    assert all(isinstance(capabilities.missing(spec), str) for spec in ALL_SPECS)


def test_a_command_through_a_shell_is_quoted(tmp_path: Path) -> None:
    """ssh hands its words to a shell on the other side; a stand-in does so on this one."""
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nshift\nexec sh -c "$*"\n', "utf-8")
    ssh.chmod(0o755)

    found = probe(parse_iut(f"{ssh} somewhere {sys.executable}"))

    assert found.level == sys.version_info[:2]


def test_a_command_that_does_not_exist_is_refused() -> None:
    """It says what could not be started, and why."""
    message = refusal(Implementation("nothing", ("/no/such/python",)))

    assert "cannot start /no/such/python: No such file or directory" in message


def test_an_interpreter_that_never_answers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says how long was waited, and nothing of it is left."""
    monkeypatch.setenv(SCALE_VARIABLE, "0.05")

    reader = script(tmp_path, "while read -r line; do :; done")

    assert "no answer within 1 s of starting" in refusal(reader)


@pytest.mark.by_turns(3)
def test_an_interpreter_that_hangs_without_reading_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program too long for the pipe does not make us wait for ever."""
    monkeypatch.setenv(SCALE_VARIABLE, "0.05")

    assert "no answer within 1 s of starting" in refusal(script(tmp_path, "exec sleep 600"))


def test_a_command_that_ends_at_once_is_refused(tmp_path: Path) -> None:
    """Its exit status and its last words are told."""
    message = refusal(script(tmp_path, "echo 'good bye' >&2; echo 'bad luck' >&2; exit 7"))

    assert "no answer, the interpreter ended with status 7: bad luck; give a command" in message


def test_a_command_that_is_killed_is_refused(tmp_path: Path) -> None:
    """The signal is named."""
    assert "interpreter was killed by SIGKILL" in refusal(script(tmp_path, "kill -9 $$"))


@pytest.mark.by_turns(3)
def test_a_command_that_prints_something_else_is_refused(tmp_path: Path) -> None:
    """What was printed is repeated, so that a wrapper is recognised."""
    message = refusal(script(tmp_path, "echo 'Welcome to host!'; exec cat >/dev/null"))

    assert "no answer, the interpreter closed its output; it printed 'Welcome to host!'" in message


def test_a_command_that_prints_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it prints is told, and no more of it is kept than need be."""
    monkeypatch.setenv(SCALE_VARIABLE, "0.05")

    assert "it prints 'y' and more, and is no agent" in refusal(script(tmp_path, "exec yes"))


@pytest.mark.parametrize("banner", ["echo Welcome; echo", "printf 'No end of a line: '"])
def test_a_wrapper_may_print_a_banner(tmp_path: Path, banner: str) -> None:
    """What comes before the agent's first word is none of ours."""
    wrapped = script(tmp_path, f'{banner}; exec "{sys.executable}" "$@"')

    assert "TCPServer" in probe(wrapped).capabilities.names


def test_an_agent_of_another_protocol_is_refused(tmp_path: Path) -> None:
    """A greeting of another version is no greeting."""
    answer = '{"r":"hello","value":{"protocol":99,"clock":0}}'
    message = refusal(script(tmp_path, f"echo '{answer}'; exec cat >/dev/null"))

    assert "protocol 2 was expected" in message


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("answer", ['{"r":"hello"}', '{"r":"refused"}', '{"e":1}', "[]", "1"])
def test_half_an_answer_is_refused(tmp_path: Path, answer: str) -> None:
    """JSON that is none of ours is told like any other garbage."""
    message = refusal(script(tmp_path, f"echo '{answer}'; exec cat >/dev/null"))

    assert f"it printed '{answer}'" in message


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    "said",
    [
        '"names": ["TCPServer", 7]',
        '"version": []',
        '"clock": Infinity',
        '"os_file": null',
    ],
)
def test_what_an_agent_says_wrongly_of_itself_is_told(tmp_path: Path, said: str) -> None:
    """An interpreter that is not what it seems costs one line."""
    implementation = Implementation("stray", THIS)
    with contextlib.closing(Channel(implementation)) as channel:
        hello = json.dumps({"r": "hello", "value": {**channel.hello}})
    wrong = hello[:-2] + f", {said}}}}}"

    message = refusal(script(tmp_path, f"cat <<'END'\n{wrong}\nEND\nexec cat >/dev/null"))

    assert "what the agent says of itself is in no order: " in message


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import no_such_module_here\n", "No module named 'no_such_module_here'"),
        ("def broken(:\n", "SyntaxError"),
        ("raise RuntimeError('on purpose')\n", "RuntimeError: on purpose"),
        ("raise SystemExit('usage: ...')\n", "SystemExit: usage: ..."),
        ("raise ValueError('two\\nlines')\n", "ValueError: two"),
    ],
)
def test_a_module_that_does_not_import_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """The exception is told, and whose it is."""
    message = refusal(module(tmp_path, text))

    assert "loading the module under test failed: " in message
    assert told in message


def test_a_module_that_ends_the_process_is_refused(tmp_path: Path) -> None:
    """An os._exit() at import is told by its status."""
    message = refusal(module(tmp_path, "import os\nos._exit(9)\n"))

    assert "no answer, the interpreter ended with status 9; give a command" in message


def test_a_module_that_does_not_exist_is_refused() -> None:
    """A dotted name that cannot be imported."""
    message = refusal(parse_iut("no_such_module_here"))

    assert "loading the module under test failed: ModuleNotFoundError" in message


def test_another_installations_module_is_refused(tmp_path: Path) -> None:
    """An interpreter whose socketserver comes from elsewhere is not what was asked for."""
    (tmp_path / "socketserver.py").write_text("class TCPServer: pass\n")
    implementation = Implementation("stray", THIS, env={"PYTHONPATH": str(tmp_path)})

    message = refusal(implementation)

    assert f"its socketserver is {tmp_path}/socketserver.py, outside its own library" in message


def test_a_liar_is_refused(tmp_path: Path) -> None:
    """A module that has everything that anybody asks for cannot be believed."""
    text = (
        "import socketserver\nfrom socketserver import *\n"
        "def __getattr__(name):\n    return socketserver.TCPServer\n"
    )

    message = refusal(module(tmp_path, text))

    assert "which cannot exist; its answers cannot be believed" in message


def test_a_module_without_servers_is_refused(tmp_path: Path) -> None:
    """A module of something else says so at once, and how to map names."""
    message = refusal(module(tmp_path, "answer = 42\n"))

    assert "the module has none of socketserver's classes; map its names" in message


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("def finish_request(self, request, client_address): pass", "an echo of"),
        ("def server_bind(self): raise OSError('no network')", "OSError: no network"),
        (
            "def process_request(self, *args): __import__('os')._exit(5)",
            "(the process ended with exit status 5); a server that",
        ),
    ],
    ids=["silent", "unbound", "crashing"],
)
def test_a_server_that_cannot_echo_is_refused(tmp_path: Path, body: str, told: str) -> None:
    """One line there and back comes before any case."""
    text = (
        "import socketserver\nfrom socketserver import *\n"
        f"class TCPServer(socketserver.TCPServer):\n    {body}\n"
    )

    message = refusal(module(tmp_path, text))

    assert "the smoke exchange failed: " in message
    assert told in message


KILLED = """
import os, signal, socketserver
from socketserver import *

class TCPServer(socketserver.TCPServer):
    def server_bind(self):
        if {when}:
            os.kill(os.getppid(), signal.SIGKILL)
        socketserver.TCPServer.server_bind(self)
"""


def test_one_that_was_killed_while_it_was_probed_is_probed_again(tmp_path: Path) -> None:
    """Somebody else may have done it, as a system without memory does."""
    once = str(tmp_path / "once")
    when = f"not os.path.exists({once!r}) and not os.mkdir({once!r})"

    probed = probe(module(tmp_path, KILLED.format(when=when)))

    assert Path(once).exists()
    assert not probed.doubts


def test_one_that_is_killed_each_time_is_refused(tmp_path: Path) -> None:
    """What ends it is not told as something that its servers cannot do."""
    message = refusal(module(tmp_path, KILLED.format(when=True)))

    assert "interpreter was killed by SIGKILL, twice; see what ends it" in message


IN_PIECES = """
import select, socket, socketserver
from socketserver import *

class Dribbling(socket.socket):
    def sendall(self, data):
        for number in range(len(data)):
            self.send(data[number : number + 1])
            select.select([], [], [], 0.01)

class TCPServer(socketserver.TCPServer):
    def get_request(self):
        request, address = super().get_request()
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Dribbling(fileno=request.detach()), address
"""


def test_a_server_that_echoes_in_pieces_is_accepted(tmp_path: Path) -> None:
    """A stream has no boundaries: an echo may come octet by octet."""
    assert "TCPServer" in probe(module(tmp_path, IN_PIECES)).capabilities.names
