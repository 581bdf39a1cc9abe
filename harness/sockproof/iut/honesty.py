"""Whether an implementation is what it is said to be: asked before anything is judged."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath

from sockproof.errors import IutUnavailable
from sockproof.iut.implementation import Implementation
from sockproof.iut.message_lines import Message
from sockproof.iut.process import CaseProcess
from sockproof.spec.area_names import SERVERS, SOCKETS

__all__ = ["refuse_foreign_module", "refuse_liar", "refuse_mere_imports"]


def refuse_foreign_module(implementation: Implementation, hello: Message) -> None:
    """An interpreter that quietly took another installation's module is not what was asked for."""
    if implementation.module:
        return
    module = PurePosixPath(hello["module_file"] or "").parent
    own = PurePosixPath(hello["os_file"]).parent
    if module != own:
        raise IutUnavailable(
            f"{implementation.given}: its {implementation.judged} is {hello['module_file']}, "
            f"outside its own library {own}",
            "name the file with --iut to test that one",
        )


def refuse_mere_imports(implementation: Implementation, hello: Message) -> None:
    """A module that has a few of the classes, and none of its own, is no implementation: nothing
    would be judged but what it imports them from."""
    told = implementation.server or implementation.provides or implementation.classes
    is_whole = hello["defines"] or "BaseServer" in hello["names"]
    if (
        implementation.judged == SERVERS
        and implementation.module
        and hello["names"]
        and not (told or is_whole)
    ):
        raise IutUnavailable(
            f"{implementation.given}: it imports the server and handler classes that it has",
            "name a server class, MODULE:CLASS, or have its program checked: sockproof check",
        )


def refuse_liar(implementation: Implementation, process: CaseProcess) -> None:
    """Ask for what cannot exist; only a refusal of the right kind is an honest answer."""
    impossible = f"No{uuid.uuid4().hex}Server"
    asked_for = "tested" if implementation.judged == SOCKETS else SERVERS
    for outcome, wanted in (
        (process.do("evaluate", expression=f"{asked_for}.{impossible}"), "AttributeError"),
        (process.do(impossible), "ValueError"),
    ):
        if outcome.error is None or not outcome.error.is_a(wanted):
            raise IutUnavailable(
                f"{implementation.given}: it says that it has a {impossible}, which cannot exist",
                "its answers cannot be believed",
            )
