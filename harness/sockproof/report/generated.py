"""What a command needs to be told of a case that generates plans, to generate the same again."""

from __future__ import annotations

from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow

__all__ = ["generating_options"]


def generating_options(record: Record, case: CaseRow) -> str:
    """The options without which the case would play other plans, or too few, each after a space;
    empty of a case that generates none."""
    if not case.generated:
        return ""
    settings = record.header.get("settings", {})
    examples = settings.get("examples") if isinstance(settings, dict) else None
    options = {"--seed": case.generated.get("seed"), "--examples": examples}
    told = {name: value for name, value in options.items() if isinstance(value, int)}
    return "".join(f" {name} {value}" for name, value in told.items())
