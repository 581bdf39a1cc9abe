"""Many inputs for what reads the files that a user writes: implementations, and expectations."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sockproof.errors import UsageError
from sockproof.iut.implementation import parse_iut
from sockproof.judge.expectations import Circumstances, Expectation, read_expectations
from sockproof.judge.verdict import TeardownVerdict, Verdict
from suites.selftest.fuzzing import fuzz, spoiled_text

IMPLEMENTATIONS = (
    b'name = "mine"\ncommand = ["env", "A=1", "python3"]\nmodule = "my.servers"\nlevel = "3.12"\n'
    b'provides = ["TCPServer"]\n[classes]\nTCPServer = "Mine"\n[env]\nA = "1"\n',
    b"command = 'python3 -X utf8'\npreload = '''\nimport this\n'''\nmodule = 'x.py'\n",
)
EXPECTATIONS = (
    b'[[expectation]]\ncase = "a/b[*TCP/*]"\nat_most = 4\nverdict = "FAIL"\ncontains = "Pipe"\n'
    b'teardown = "leaked"\nreason = "So it is."\nlink = "https://x"\nexpires = "2027-06-30"\n'
    b'[[expectation]]\ncase = "a/c"\nverdict = "PASS"\nreason = "x"\nteardown = "leaked"\n'
    b'since = "3.6"\nuntil = "3.13"\nlacks = ["fork"]\nruntime = "gevent"\nintermittent = true\n',
    b"[[expectation]]\ncase = '*'\nverdict = 'ERROR'\nreason = 'x'\ncontains = 'x'\nat_most = 9\n",
)
_TOO_DEEP = b"a = " + b"[" * 60_000
_DEEP = b"lacks = " + b"[" * 120 + b"]" * 120
_LONG = b"9" * 5000
_TOO_LONG = (
    *(b'module = "%s.py"' % _LONG, b'module = "%s"' % _LONG, b"%s = 1" % _LONG, _LONG),
    *(b"command = 'x \"%s'" % _LONG, b"command = '''%s'''" % (b" " * 5000)),
)
CASE = "a/b[Threading+TCP/inet]"
THERE = Circumstances("CPython", (3, 13), {"fork": True})


def read_implementation(path: Path) -> None:
    implementation = parse_iut(str(path))
    assert implementation.argv


def use_expectations(path: Path) -> None:
    """As a run does, for a case and for all others."""
    for one in read_expectations(path):
        one.matches(CASE)
        one.requirement_pattern.fullmatch("a/b")
        one.holds_in(THERE)
        one.problem(Verdict.FAIL, "x", TeardownVerdict.CLEAN)


@pytest.mark.by_turns(5)
@pytest.mark.parametrize(
    ("read", "texts"),
    [(read_implementation, IMPLEMENTATIONS), (use_expectations, EXPECTATIONS)],
    ids=["implementation", "expectations"],
)
def test_definitions_are_read_or_refused(
    inputs: int, tmp_path: Path, read: Callable[[Path], None], texts: tuple[bytes, ...]
) -> None:
    """Whatever the octets of a file, it is a definition, or one line says why it is none."""
    path = tmp_path / "mine.toml"
    (tmp_path / "x.py").touch()

    def check(octets: bytes) -> None:
        path.write_bytes(octets)
        try:
            read(path)
        except UsageError as error:
            refused = str(error)
        else:
            return
        assert "\n" not in refused
        assert len(refused) < 2000

    for octets in texts:
        path.write_bytes(octets)
        read(path)
    for octets in (_TOO_DEEP, EXPECTATIONS[0] + _DEEP, *_TOO_LONG):
        check(octets)
    fuzz(inputs, spoiled_text(*texts), check)


@pytest.mark.parametrize("stars", ["*a" * 20 + "*z", "*" * 60 + "z", "*x*" * 12])
def test_stars_take_no_time(stars: str) -> None:
    """However many a pattern has, and whether or not it matches."""
    one = Expectation(stars, Verdict.FAIL, "x")

    began_s = time.process_time()
    assert not one.matches("a" * 200)

    assert time.process_time() - began_s < 1


@pytest.mark.parametrize(
    ("pattern", "case_id", "matches"),
    [
        ("a/b[TCP/inet]", "a/b[TCP/inet]", True),
        ("a/b[*]", "a/b[TCP/inet]", True),
        ("a/b[*]", "a/bc[TCP/inet]", False),
        ("*b*b*", "abb", True),
        ("*b*b*", "ab", False),
        ("*b*bc", "abbbc", True),
        ("a*a", "a", False),
        ("**", "", True),
    ],
)
def test_a_star_is_anything(pattern: str, case_id: str, matches: bool) -> None:
    """Also nothing, and a bracket is a bracket."""
    assert Expectation(pattern, Verdict.FAIL, "x").matches(case_id) is matches
