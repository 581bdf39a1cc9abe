"""TOML files, checked against a JSON schema that stands as data beside what their tables become.

A format is written once, and read with :meth:`Format.read`; ``toml`` is this module::

    _PET = toml.table({"id": toml.FILLED, "kind": toml.one_of(["cat", "dog"])}, since=toml.LEVEL)
    FORMAT = toml.Format(toml.table({"pet": toml.list_of(_PET)}), UsageError)

What is wrong with a file is told in one line: the file, the table, the key and the problem. What
tables must be to each other is for their owners to check.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sockproof.errors import HarnessError
from sockproof.spec.levels import PythonLevel, parse_python_level

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "DAY",
    "FILLED",
    "FILLED_OR_LIST",
    "FLAG",
    "LEVEL",
    "SECONDS",
    "TEXT",
    "Format",
    "as_tuple",
    "levels_of",
    "list_of",
    "one_of",
    "shaped",
    "table",
]

Schema = Mapping[str, Any]


def shaped(pattern: str, description: str) -> Schema:
    """A text of which all matches ``pattern``; ``description`` says what it should be."""
    return {"type": "string", "pattern": rf"^(?:{pattern})\Z", "description": description}


def one_of(words: Iterable[str]) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": [str(word) for word in words]}


def list_of(one: Schema, *, least: int = 0) -> Schema:
    """A list, or ``[[tables]]`` of one kind."""
    return {"type": "array", "items": one, "minItems": least}


def table(needed: Mapping[str, Schema] | None = None, **optional: Schema) -> Schema:
    """A table of these keys and no others."""
    keys = {"properties": {**(needed or {}), **optional}, "required": list(needed or ())}
    return {"type": "object", "additionalProperties": False, **keys}


TEXT: Schema = {"type": "string"}
FILLED: Schema = {"type": "string", "pattern": r"\S"}
FILLED_OR_LIST: Schema = {**FILLED, **list_of(FILLED, least=1), "type": ["string", "array"]}
FLAG: Schema = {"type": "boolean"}
DAY: Schema = {"type": "string", "format": "date", "description": "a day such as 2027-06-30"}
LEVEL: Schema = {
    "type": "string",
    "format": "Python level",
    "description": "a Python level such as 3.13",
}
_SECONDS_MAX = 3600
SECONDS: Schema = {
    "type": "number",
    "format": "seconds",
    "description": f"a number of seconds above 0, {_SECONDS_MAX} at most",
}
# Characters of what is told of one place in a file.
_LONGEST_WORDS = 300
_TYPES = {"array": "a list", "boolean": "true or false", "integer": "a whole number"}
_TYPES |= {"number": "a number"}
_TYPES |= {"object": "a table", "string": "a text"}


def as_tuple(value: str | Sequence[str]) -> tuple[str, ...]:
    """What a text or a list of texts holds."""
    return (value,) if isinstance(value, str) else tuple(value)


def levels_of(entry: Mapping[str, Any]) -> dict[str, PythonLevel]:
    """What a table has of ``since`` and ``until``, each a LEVEL."""
    return {key: parse_python_level(entry[key]) for key in ("since", "until") if key in entry}


@dataclass(frozen=True)
class Format:
    """What a file holds, the error that one out of order raises, and a hint for most of them."""

    schema: Schema
    error: type[HarnessError]
    hint: str = ""

    def read(self, path: Path) -> dict[str, Any]:
        """What a file holds, in order as far as the schema goes.

        Raises:
            HarnessError: of the kind ``error``: it cannot be read, is not TOML, or is not as the
                schema says.
        """
        try:
            document = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise self.error(f"cannot read {path}: {error.strerror}", self.hint) from None
        except (ValueError, RecursionError) as error:
            raise self.error(f"{path}: this is not TOML: {_short(str(error))}", self.hint) from None
        faults = list(self._validator.iter_errors(document))
        if faults:
            *places, problem, hint = _told(faults[0], document)
            places_at_fault = {tuple(one.absolute_path) for one in faults}
            more = f" (the first of {n} faults)" if (n := len(places_at_fault)) > 1 else ""
            words = [str(path), *map(_short, places), f"{_short(problem)}{more}"]
            raise self.error(": ".join(words), hint or self.hint)
        return document

    @cached_property
    def _validator(self) -> Draft202012Validator:
        from jsonschema import Draft202012Validator, FormatChecker  # slow: only when it is needed

        formats = FormatChecker(["date"])
        formats.checks("Python level", ValueError)(lambda text: bool(parse_python_level(str(text))))
        formats.checks("seconds", TypeError)(lambda value: 0 < value <= _SECONDS_MAX)
        return Draft202012Validator(self.schema, format_checker=formats)


def _short(text: str) -> str:
    """Names and values of a file may be of any length."""
    return text if len(text) <= _LONGEST_WORDS else f"{text[:_LONGEST_WORDS]}…"


def _told(wrong: ValidationError, document: Any) -> list[str]:
    """The tables on the way to what is wrong, what that is, and a hint."""
    steps: list[Any] = list(wrong.absolute_path)
    about_keys = wrong.validator in ("additionalProperties", "required")
    key = next((step for step in reversed(steps) if isinstance(step, str)), "")
    where = f"entry {steps[-1] + 1} of {key!r}" if steps and steps[-1] != key else repr(key)
    return [*_places(steps if about_keys else steps[:-1], document), *_problem(wrong, key, where)]


def _problem(wrong: ValidationError, key: str, where: str) -> tuple[str, str]:
    value: Any = wrong.instance
    wanted: Any = wrong.validator_value
    schema: Any = wrong.schema
    match wrong.validator:
        case "additionalProperties":
            known = schema["properties"]
            unknown = next(name for name in value if name not in known)
            return f"unknown key {unknown!r}", f"the keys are {', '.join(known)}"
        case "required":
            return f"the key {next(name for name in wanted if name not in value)!r} is missing", ""
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else wanted
            return f"{where} is not {' or '.join(_TYPES[kind] for kind in kinds)}", ""
        case "minItems" if value:
            return f"{where} has {len(value)} of at least {wanted} entries", ""
        case "minItems" | "pattern" | "format" | "enum" if _is_empty(value):
            return f"{where} is empty", f"one of {', '.join(wanted)}" if "enum" in schema else ""
        case "enum":
            return f"unknown {key} {value!r:.80}", f"one of {', '.join(wanted)}"
        case "pattern" | "format":
            return f"{where}: {value!r:.80} is not {schema['description']}", ""
    return f"{where}: {wrong.message}", ""


def _is_empty(value: Any) -> bool:
    return value != 0 and (not value or str(value).isspace())


def _places(steps: Iterable[Any], document: Any) -> list[str]:
    """What the tables on the way are called: ``requirement 2 (dispatch/order)``, ``applies``."""
    places, kind, here = [], "", document
    for step in steps:
        here = here[step]
        kind = step if isinstance(step, str) else kind
        if isinstance(here, dict):
            name = here.get("id", here.get("case", here.get("key")))
            known = f" ({name})" if isinstance(name, str) and name.isprintable() and name else ""
            places.append(kind if step == kind else f"{kind} {step + 1}{known}")
    return places
