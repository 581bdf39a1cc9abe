"""Exceptions in the steps of a constructor, of each kind: it raises the same, and cleans up."""

from __future__ import annotations

from fixtures import CaseProcess, Construct, ServerSpec, check, requirement, same
from suites.construction.descriptors import FREE_AGAIN
from suites.errors.kinds import EXITS, KINDS, failing_at_once, there


@requirement(
    "errors/whatever-the-constructor-meets",
    variants={name: name for name in ("server_bind", "server_activate")},
)
def test_whatever_the_constructor_meets(
    construct: Construct, process: CaseProcess, spec: ServerSpec, variant: str
) -> None:
    """The constructor raises what its step raised, of whatever kind, and leaves no socket open."""
    process.do("execute", source=FREE_AGAIN)

    for kind, statement in there(process, {**KINDS, **EXITS}).items():
        source = failing_at_once(variant, spec.class_name, statement)
        error = construct.refused(class_source=source)
        same(kind, error.name, "what the constructor raises")
        is_closed = process.do("evaluate", expression="is_free_again()").value
        check(is_closed, expected=f"no socket is left open after {kind}", actual="one is")
