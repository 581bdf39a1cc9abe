"""What a record says before its first case: who is tested, where, how, and what of."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from sockproof import __version__
from sockproof._paths import expanded
from sockproof.iut.capabilities import ProbedIut
from sockproof.iut.machine import machine_features
from sockproof.record.own_class import OverriddenInfo, OwnClassInfo
from sockproof.record.rows import RequirementRow
from sockproof.spec.area_names import SERVERS
from sockproof.spec.levels import format_python_level
from sockproof.spec.requirement import Requirement
from sockproof.timing import scale

__all__ = ["record_header", "requirement_row", "without_home"]


def record_header(iut: ProbedIut, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The header line of an implementation's record; ``settings`` are the options of the run,
    ``seed`` is what generated plans are made from."""
    header = {
        "suite_version": __version__,
        "started": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "implementation": _implementation(iut),
        "capabilities": iut.capabilities.to_json(),
        "machine": dict(machine_features()),
        "platform": {
            "system": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
        },
        "settings": {"timeout_scale": scale(), **settings},
        "seed": seed,
    }
    told: dict[str, Any] = json.loads(without_home(json.dumps(header)))
    return told


def without_home(text: str) -> str:
    """JSON text, or that of a page, with the user's home folder as ``~``: these are published."""
    home = json.dumps(f"{expanded('~')}/")[1:-1]
    return text.replace(home, "~/") if home.startswith("/") and len(home) > 2 else text


def _implementation(iut: ProbedIut) -> dict[str, Any]:
    runtime = {"runtime": iut.hello["runtime"]} if iut.hello["runtime"] else {}
    return {
        "id": iut.id,
        "given": iut.implementation.given,
        "level": format_python_level(iut.level),
        "name": {"cpython": "CPython", "pypy": "PyPy"}.get(
            iut.hello["implementation"], iut.hello["implementation"]
        ),
        "version": ".".join(str(part) for part in iut.hello["version"]),
        "executable": iut.hello["executable"],
        "module": iut.implementation.module or iut.implementation.judged,
        "module_file": iut.hello["module_file"],
        "argv": list(iut.implementation.argv),
        **runtime,
        **({} if iut.implementation.judged == SERVERS else {"judged": iut.implementation.judged}),
        **_own_class(iut),
    }


def _own_class(iut: ProbedIut) -> dict[str, Any]:
    if not (own := iut.own_server):
        return {}
    overridden = tuple(OverriddenInfo(**vars(one)) for one in own.overridden)
    told = OwnClassInfo(iut.implementation.server, own.stands_for, overridden)
    return {"server": told.to_json()}


def requirement_row(requirement: Requirement) -> RequirementRow:
    """A requirement of the catalogue as a record's line."""
    since, until = (
        format_python_level(level) if level else None
        for level in (requirement.since, requirement.until)
    )
    return RequirementRow(
        requirement.id,
        requirement.area,
        requirement.title,
        requirement.level,
        requirement.source,
        since,
        until,
    )
