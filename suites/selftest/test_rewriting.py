"""Re-implementations: each fits the running interpreter's socketserver, and what is refused."""

from __future__ import annotations

import re
import socketserver
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from sockproof.mutation.named import MutationError
from sockproof.mutation.rewriting import Rewrite, load_rewrites, rewritten
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.levels import Level

REWRITES = load_rewrites()
SOURCE = Path(socketserver.__file__).read_text("utf-8")
WANTED = 120
WANTED_FAMILIES = 12
WANTED_OF_EACH = 8
RIGHT_AT_LEAST = 24
DESCRIBED = """
[[broken]]
id = "no-wait"
title = "shutdown() does not wait."
why = "nobody waits today"
spec = "TCP/inet"
detected_by = ["serving/shutdown-waits-for-the-loop"]
code = '''
class BaseServer:
    def shutdown(self): self._stop = True
'''
"""
ABOUT_ALL = """TCP/inet"
detected_by = ["serving/shutdown-waits-for-the-loop"]"""
ABOUT_STREAMS = """UDP/inet"
detected_by = ["streams/octet-by-octet"]"""


def rewrite_with(code: str) -> Rewrite:
    return Rewrite("no-wait", "ends", "It does not wait.", "nobody waits", "TCP/inet", code, False)


def module_of(text: str) -> ModuleType:
    module = ModuleType("rewritten")
    sys.modules["rewritten"] = module  # dataclasses look for the module that they are in
    try:
        exec(compile(text, "rewritten", "exec"), vars(module))
    finally:
        del sys.modules["rewritten"]
    return module


@pytest.mark.by_turns(8)
@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda rewrite: rewrite.id)
def test_a_reimplementation_fits_the_running_interpreter(rewrite: Rewrite) -> None:
    """It has another text, and can be imported with all that the module exports."""
    text = rewritten(rewrite, SOURCE)

    module = module_of(text)

    assert text != SOURCE
    assert module.__all__ == socketserver.__all__


@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda rewrite: rewrite.id)
def test_a_reimplementation_is_described_in_full(rewrite: Rewrite) -> None:
    """Its id is made of words, its title a sentence, and it says what it stands for."""
    catalogue = load_catalogue()

    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rewrite.id)
    assert rewrite.title.endswith(".")
    assert len(rewrite.why) >= len("a link or a reason")
    assert not rewrite.is_right or not rewrite.detected_by
    assert rewrite.is_right or rewrite.detected_by or rewrite.undetected.endswith(".")
    assert all(catalogue[name].level is not Level.OBSERVED for name in rewrite.detected_by)
    assert all(catalogue[name].level is Level.OBSERVED for name in rewrite.noticed_by)


def test_families_are_large_enough() -> None:
    """There are enough of them in enough families, and right ones beside them."""
    broken = Counter(rewrite.family for rewrite in REWRITES if not rewrite.is_right)

    large = [family for family, count in broken.items() if count >= WANTED_OF_EACH]
    assert len(large) >= WANTED_FAMILIES
    assert broken.total() >= WANTED
    assert sum(rewrite.is_right for rewrite in REWRITES) >= RIGHT_AT_LEAST


def test_what_is_defined_anew_replaces_what_had_its_name() -> None:
    """All else of the class stays, and the class itself is the module's."""
    code = (
        "class BaseServer:\n    timeout = 7\n    def fileno(self): return self.__shutdown_request"
    )

    module = module_of(rewritten(rewrite_with(code), SOURCE))

    server = module.BaseServer(("", 0), None)
    assert (server.timeout, server.fileno()) == (7, False)
    assert issubclass(module.TCPServer, module.BaseServer)
    assert (
        module.BaseServer.verify_request.__doc__ == socketserver.BaseServer.verify_request.__doc__
    )


def test_new_bases_are_there_before_the_class() -> None:
    """What the module does not have is put before its first class."""
    code = "class _Named:\n    name = 'anew'\nclass BaseServer(_Named):\n    pass"

    module = module_of(rewritten(rewrite_with(code), SOURCE))

    assert module.TCPServer.name == "anew"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("class BaseServer:\n  def", "does not compile"),
        ("def shutdown(): pass", "replaces nothing"),
        ("class ThreadPoolServer: pass", "replaces nothing"),
    ],
)
def test_code_that_does_not_fit_is_refused(code: str, told: str) -> None:
    """With the id of what was to be written anew."""
    with pytest.raises(MutationError, match=f"'no-wait' {told}"):
        rewritten(rewrite_with(code), SOURCE)


def test_a_described_one_is_read(tmp_path: Path) -> None:
    """With the file as its family."""
    (tmp_path / "ends.toml").write_text(DESCRIBED, "utf-8")

    (rewrite,) = load_rewrites(tmp_path)

    assert (rewrite.family, rewrite.is_right) == ("ends", False)
    assert rewrite.detected_by == ("serving/shutdown-waits-for-the-loop",)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[[broken]]", "[[right]]", "unknown key 'detected_by'"),
        ('why = "nobody waits today"', "", "the key 'why' is missing"),
        ('why = "', 'undetected = "?"\nwhy = "', "has both 'detected_by' and 'undetected'"),
        ('why = "', 'noticed_by = ["?"]\nwhy = "', "has 'noticed_by' without 'undetected'"),
        ("TCP/inet", "TCP/moon", "no server spec 'TCP/moon'"),
        ("shutdown-waits", "shutdown-sleeps", "no requirement 'serving/shutdown-sleeps"),
        (ABOUT_ALL, ABOUT_STREAMS, "is not about UDP/inet"),
    ],
)
def test_a_wrong_description_is_refused(old: str, new: str, told: str, tmp_path: Path) -> None:
    """In one line that says what is wrong."""
    (tmp_path / "ends.toml").write_text(DESCRIBED.replace(old, new), "utf-8")

    with pytest.raises(MutationError, match=re.escape(told)):
        load_rewrites(tmp_path)


def test_an_id_is_there_once(tmp_path: Path) -> None:
    """In whatever file."""
    (tmp_path / "ends.toml").write_text(DESCRIBED, "utf-8")
    (tmp_path / "time.toml").write_text(DESCRIBED, "utf-8")

    with pytest.raises(MutationError, match="'no-wait' is there twice"):
        load_rewrites(tmp_path)
