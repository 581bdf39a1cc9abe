"""Areas of a run: those of one module, which is then what is judged, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof.commands.list import collect
from sockproof.errors import IutUnavailable, UsageError
from sockproof.iut.capabilities import probe
from sockproof.iut.implementation import parse_iut
from sockproof.iut.judged_module import judged_as
from sockproof.run.areas import area_hint, asked_module, refuse_specs
from sockproof.spec.area_names import SERVERS, SOCKETS
from sockproof.spec.catalogue import load_socket

RIGHT = partner("right_sockets/other_insides")


@pytest.mark.parametrize(
    ("areas", "module"),
    [((), SERVERS), (("streams", "unix"), SERVERS), ((SOCKETS,), SOCKETS)],
)
def test_areas_say_which_module_is_judged(areas: tuple[str, ...], module: str) -> None:
    """Socketserver, unless it is the area of sockets."""
    assert asked_module(areas) == module


@pytest.mark.parametrize(
    ("areas", "problem"),
    [
        (("sokcet",), "no area 'sokcet'"),
        (("streams", SOCKETS), "--area socket judges another module than streams"),
    ],
)
def test_areas_that_do_not_fit_are_refused(areas: tuple[str, ...], problem: str) -> None:
    """One that is not there, and those of two modules."""
    with pytest.raises(UsageError, match=problem):
        asked_module(areas)


def test_server_specs_are_refused_where_sockets_are_judged() -> None:
    """They select server classes."""
    refuse_specs(SERVERS, ["TCP/inet"])
    refuse_specs(SOCKETS, [])

    with pytest.raises(UsageError, match="--spec selects server classes"):
        refuse_specs(SOCKETS, ["TCP/inet"])


@pytest.mark.by_turns(6)
def test_cases_of_an_area_are_its_own() -> None:
    """Each requirement of the socket module has some; without an area there are none of it."""
    of_sockets = {case.requirement for case in collect((), "", (SOCKETS,))}
    streams = {case.area for case in collect((), "", ("streams",))}

    assert of_sockets == set(load_socket())
    assert streams == {"streams"}
    assert not any(case.area == SOCKETS for case in collect((), "socket or streams/whole"))


def test_hint_names_the_area() -> None:
    """Where nothing is selected that the other module has."""
    assert "--area socket" in area_hint("socket/recv", ())
    assert "--area" not in area_hint("socket/recv", (SOCKETS,))
    assert "--area" not in area_hint("nothing/of-the-kind", ())


def test_server_class_is_no_module_of_sockets() -> None:
    """Nor is a file that whatever imports socket would get."""
    with pytest.raises(UsageError, match="names server classes"):
        judged_as(SOCKETS, parse_iut("mypackage.servers:ChatServer"))


def test_file_that_is_called_socket_is_refused(tmp_path: Path) -> None:
    """Another name is proposed."""
    path = tmp_path / "socket.py"
    path.write_text("", "utf-8")

    with pytest.raises(UsageError, match="my_socket"):
        judged_as(SOCKETS, parse_iut(str(path)))


def test_module_of_the_other_kind_is_told_what_to_type() -> None:
    """A socketserver where sockets are judged, and the other way round."""
    with pytest.raises(IutUnavailable, match="has no class 'socket'"):
        probe(judged_as(SOCKETS, parse_iut("socketserver")))
    with pytest.raises(IutUnavailable, match="sockproof run --area socket"):
        probe(parse_iut(RIGHT))


AWAITED = """
import socket as below
from socket import *
class socket:
    def __init__(self, *given):
        self.held = below.socket(*given)
    def __getattr__(self, name):
        return getattr(self.held, name)
    async def connect(self, address):
        self.held.connect(address)
"""


# Of a function instead of a class, as of trio.socket; and awaited by no more than what it returns.
FUNCTION = """
async def getaddrinfo(host, port): pass
def socket(*given): pass
"""
FUTURES = """
import asyncio, socket as below
from socket import *
class socket(below.socket):
    def bind(self, address):
        return asyncio.Future(loop=asyncio.new_event_loop())
"""


@pytest.mark.parametrize(
    ("source", "call"), [(AWAITED, "connect"), (FUNCTION, "getaddrinfo"), (FUTURES, "bind")]
)
def test_module_whose_calls_are_awaited_is_refused(source: str, call: str, tmp_path: Path) -> None:
    """Plainly, with one of the calls."""
    path = tmp_path / "awaited.py"
    path.write_text(source, "utf-8")

    with pytest.raises(IutUnavailable) as raised:
        probe(judged_as(SOCKETS, parse_iut(str(path))))

    told = f"{path}: what {call}() returns has to be awaited; --area socket judges"
    assert str(raised.value).startswith(told)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("_socket", "_socket: its sockets have no accept(); judge the module that stands on it"),
        ("email", "email: the module has no class 'socket'; --area socket judges modules such as"),
        (
            "no_such_package.socket",
            "no_such_package.socket: loading the module under test failed: ModuleNotFoundError: "
            "No module named 'no_such_package'; run it by hand",
        ),
    ],
)
def test_what_is_no_module_of_sockets_is_told_in_one_line(given: str, told: str) -> None:
    """With what to do."""
    with pytest.raises(IutUnavailable) as raised:
        probe(judged_as(SOCKETS, parse_iut(given)))

    assert str(raised.value).startswith(told)
    assert "\n" not in str(raised.value)


def test_folder_is_told_from_an_interpreter(tmp_path: Path) -> None:
    """A package is named as for import."""
    with pytest.raises(UsageError, match="is a folder; name a package as import names it"):
        parse_iut(str(tmp_path))


def test_interpreter_has_all_that_is_documented() -> None:
    """And says so."""
    found = probe(judged_as(SOCKETS, parse_iut(sys.executable)))

    assert found.absent == []
    assert {"socket", "create_server", "send_fds"} <= found.capabilities.names
