"""Checks a record against its published JSON Schema (2020-12), line by line."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from sockproof.errors import RecordError

__all__ = ["validate_record"]


@cache
def _record_schema() -> dict[str, Any]:
    """The JSON Schema that every line of a record follows."""
    source = resources.files("sockproof.record").joinpath("schema") / "record.schema.json"
    schema: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return schema


def validate_record(path: Path | str) -> int:
    """Check every line of a record; gives the number of lines. A record may lack its footer.

    Raises:
        RecordError: the file cannot be read, a line is no JSON, or it breaks the schema.
    """
    place = Path(path)
    try:
        lines = place.read_bytes().splitlines()
    except OSError as error:
        raise RecordError(f"cannot read {place}: {error.strerror}") from error
    if not lines:
        raise RecordError(f"{place} is empty", "run again")
    for number, line in enumerate(lines, start=1):
        problem = _problem(line, first=number == 1, last=number == len(lines))
        if problem:
            raise RecordError(f"{place} line {number}: {problem}", "see schema/record.schema.json")
    return len(lines)


@cache
def _validator(kind: str) -> Draft202012Validator:
    """Checks one kind of line; the whole schema where the kind is unknown.

    Going straight to the kind's own part gives messages about the key that is wrong, instead of
    "is not valid under any of the given schemas".
    """
    schema = _record_schema()
    if kind not in schema["$defs"]["kinds"]["enum"]:
        return Draft202012Validator(schema)
    rest = {key: value for key, value in schema.items() if key != "oneOf"}
    return Draft202012Validator({**rest, "$ref": f"#/$defs/{kind}"})


def _problem(line: bytes, *, first: bool, last: bool) -> str:
    """What breaks the schema in one line, or nothing."""
    try:
        row = json.loads(line)
    except ValueError as error:
        return f"no JSON ({error})"
    kind = str(row.get("kind")) if isinstance(row, dict) else ""
    best = best_match(_validator(kind).iter_errors(row))
    if best is not None:
        place = "/".join(str(step) for step in best.absolute_path)
        return f"{place or 'the line'}: {best.message[:300]}"
    if first != (kind == "header"):
        return "a record has one header, and it is the first line"
    return "a line after the footer" if kind == "footer" and not last else ""
