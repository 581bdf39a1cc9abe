"""Writes the script of one case of a check: what it did, in Python's standard library alone.

A script is put together of fixed texts, those of ``templates/``: one for each invariant, and the
functions that it calls. What they name is a value of a table here, or a literal.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from sockproof.check.invariants.stopping import WITH
from sockproof.check.language import HTTP_REQUEST, TLS, Language
from sockproof.check.listener import Listener
from sockproof.check.scene import Manners
from sockproof.check.scripts.address_code import context_code, values_of_address
from sockproof.check.scripts.hostile_code import hostile_constants
from sockproof.check.scripts.literals import at_code, garbage_code, octets_code, words_code
from sockproof.check.scripts.talk_code import (
    served_words_code,
    talk_constants,
    talk_values,
    words_of_moment,
)
from sockproof.check.service.exchanges import NONE, Exchanges
from sockproof.file_names import file_name
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_checked
from sockproof.spec.requirement import Requirement
from sockproof.timing import hang_bound_s, scale, start_bound_s
from sockproof.visible_text import visible

__all__ = ["CheckScript", "ScriptCase", "has_script", "script_name"]

_WIDTH = 99
_MODULES = (
    *("collections", "concurrent.futures", "contextlib", "ctypes", "fcntl", "glob", "os", "random"),
    *("re", "select", "signal", "socket", "ssl", "struct", "subprocess", "sys", "tempfile"),
    *("termios", "threading", "time"),
)
_ENVIRONMENT = Environment(
    loader=PackageLoader("sockproof.check.scripts", "templates"),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_NUMBERS = ("START_S", "PATIENCE_S", "CLIENTS", "CROWD")
_FUNCTIONS = ("", "service_", "ending_", "hostile_", "mix_")
# In these languages it is the server's answer, whatever comes.
_ANY_ANSWER = ("speaks HTTP", "greets")
# Whose bound is that of one answer.
_HANGS = ("neighbours-delay-nobody",)


@dataclass(frozen=True)
class ScriptCase:
    """What a script is of: a case, its subject and what that speaks, how it was treated, and what
    was seen, in words."""

    case: CaseId
    subject: Listener
    language: Language
    manners: Manners
    seen: str = ""
    exchanges: Exchanges = NONE
    plan: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The requirement without its area: also the name of its template."""
        return self.case.requirement.partition("/")[2]

    @property
    def requirement(self) -> Requirement:
        return load_checked().get(self.case.requirement)


@dataclass(frozen=True)
class CheckScript:
    """A script as text. ``remark`` is what its first lines say of it besides."""

    about: ScriptCase
    patience_s: float
    remark: str = ""

    @property
    def text(self) -> str:
        """All of it."""
        values = _values(self.about)
        body = textwrap.indent(_written(self.about.name, values), "    ")
        main = _written("main", {**values, "body": body})
        constants = _constants(self.about, self.patience_s, values)
        functions = list(_functions(main, values))
        used = "\n".join([*functions, main])
        code = "\n\n".join([_kept(constants, used), *functions, main])
        return "\n".join([self._docstring, _imports(code), "", f"{code}\n"])

    @property
    def _docstring(self) -> str:
        about = self.about
        usage = "" if about.subject.argv else " [ADDRESS]"
        told = [
            about.requirement.title,
            f"{about.requirement.level.value}, {about.requirement.source}",
            f"Seen: {about.seen}" if about.seen else "",
            self.remark,
        ]
        lines = [_filled(text) for text in told if text]
        ends = "status 1: it is so, 0: it is not, 2: it could not be told"
        text = "\n".join([*lines, f"python3 -I THIS_FILE{usage}   {ends}"])
        return f'{"r" * (chr(92) in text)}"""{text}\n"""'


def has_script(case: CaseId) -> bool:
    """Whether there is one for cases of its requirement: whatever is only seen has none."""
    return f"{case.requirement.partition('/')[2]}.py.j2" in _ENVIRONMENT.list_templates()


def script_name(case_id: str) -> str:
    """The name of the file of a case's script: all of a record are of one server spec."""
    case = CaseId.read(case_id)
    parts = (case.requirement.rpartition("/")[2], *case.variant.split())
    return file_name("-".join(filter(None, parts)), ".py")


def _filled(text: str) -> str:
    """A text of others, which ends no docstring."""
    plain = visible(text).replace('"', "'").encode("ascii", "replace").decode("ascii")
    return textwrap.fill(plain if len(plain) < 400 else f"{plain[:400]}...", _WIDTH)


def _written(template: str, values: Mapping[str, Any]) -> str:
    """A fixed text, without the empty lines that choices in it have left."""
    text = _ENVIRONMENT.get_template(f"{template}.py.j2").render(values)
    return "\n".join(line for line in text.splitlines() if line.strip())


def _functions(text: str, values: Mapping[str, Any]) -> Iterator[str]:
    """Those that are called, and those that these call."""
    functions = (_written(f"{name}functions", values) for name in _FUNCTIONS)
    sources = re.split(r"\n(?=def |class )", "\n".join(functions))
    known = {re.split(r"[ (]", source)[1]: source for source in sources}
    wanted: set[str] = set()
    pending = [text]
    while pending:
        told = pending.pop()
        used = {name for name in known if _is_used(name, told)} - wanted
        wanted |= used
        pending += [known[name] for name in used]
    yield from (source for name, source in known.items() if name in wanted)


def _is_used(name: str, text: str) -> bool:
    """Whether it is called, or handed on; comments are in words."""
    code = re.sub(r"#.*", "", text)
    if name.isupper():
        return bool(re.search(rf"\b{name}\b", code))
    return bool(re.search(rf"(?<![\w.\"]){name}(\(|[,)])", code))


def _kept(constants: Mapping[str, str], code: str) -> str:
    """Those that are used; what is a number in one line."""
    used = {name: value for name, value in constants.items() if _is_used(name, code)}
    numbers = {name: value for name, value in used.items() if name in _NUMBERS}
    lines = [value for name, value in used.items() if name not in numbers]
    if numbers:
        lines.append(f"{', '.join(numbers)} = {', '.join(numbers.values())}")
    return "\n".join(lines)


def _imports(code: str) -> str:
    names = [name for name in _MODULES if re.search(rf"(?<![\w.\"]){re.escape(name)}\.", code)]
    return textwrap.fill(f"import {', '.join(names)}", _WIDTH).replace(",\n", "\nimport ")


def _values(about: ScriptCase) -> dict[str, Any]:
    """All that the fixed texts can name."""
    address, language, stop = about.subject.address, about.language, about.subject.stop
    said = language.say or HTTP_REQUEST
    variant = about.case.variant
    return {
        **values_of_address(address),
        "program": bool(about.subject.argv),
        "apart": about.name == "starts-without-names",
        "removes": address.spec.family == "path" and not address.at,
        "by_command": bool(stop),
        "how": "its stop command" if stop else "an interrupt",
        "beside": WITH.get(variant) or words_of_moment(variant),
        "variant": variant,
        "say": bool(language.say),
        "said": "client_hello()" if language.name == TLS else "SAY",
        "expect": bool(language.expect) and language.name not in _ANY_ANSWER,
        "ends": language.ends,
        "only_accepts": language.only_accepts,
        "only_agrees": language.only_agrees,
        "few": max(1, len(said) // 2),
        "many": (about.manners.large_octets >> 5) // len(said),
        "drips": repr(said.rstrip(b"\r\n")),
        "garbage": garbage_code(variant, address, about.manners.large_octets),
        **talk_values(about.exchanges, variant),
        "forgotten": repr("nobody accepts it" if language.only_accepts else "timed out"),
    }


def _constants(
    about: ScriptCase, patience_s: float, values: Mapping[str, Any]
) -> Mapping[str, str]:
    """What the functions take as given, by name; those of numbers are as in the check."""
    bound_s = min(patience_s, hang_bound_s()) if about.name in _HANGS else patience_s * scale()
    language, manners, address = about.language, about.manners, about.subject.address
    return {
        "CONTEXT": context_code(address.tls),
        "AT": at_code(about.subject, values),
        "WORDS": _words_code(about.subject),
        "STOP": words_code("STOP", about.subject.stop, about.subject.address),
        "START_S": f"{start_bound_s():g}",
        "PATIENCE_S": f"{bound_s:g}",
        "CLIENTS": str(manners.clients),
        "CROWD": str(manners.crowd),
        "SAY": f"SAY = {octets_code(language.say)}",
        "EXPECT": f"EXPECT = {octets_code(language.expect)}",
        **talk_constants(about.exchanges, about.case.variant),
        **hostile_constants(about.exchanges, about.case, about.manners.large_octets, about.plan),
    }


def _words_code(subject: Listener) -> str:
    if subject.served:
        return served_words_code(subject)
    return words_code("WORDS", subject.argv, subject.address)
