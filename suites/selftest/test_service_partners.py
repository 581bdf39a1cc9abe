"""Little servers with an example before a check: the mistake of each is found, and shown by a
script, and no right one is accused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fixtures.partners.service.table import LIFE, MISTAKEN, SERVED, SOUND, ServedPartner
from sockproof.check.scripts.check_script import has_script
from sockproof.check.scripts.confirming import SCRIPT, SHOWN
from sockproof.check.service.service_table import SERVICES
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_service
from suites.selftest.checked import CHECK
from suites.selftest.runs import Ended, Mark, living, records_in, sockproof_

# Where a thread stands or an exception came from, or who has what is not given back.
CAUSE = re.compile(
    r"\w\(\) at \w+\.py:\d+|\w+ \(process \d+\) (still listens|goes on)|kept in '\w+'|not been read"
)
GOOD = (Verdict.PASS, Verdict.NOT_APPLICABLE)


def named(server: ServedPartner) -> str:
    return server.name


def played(folder: Path, server: ServedPartner, *options: str) -> tuple[Ended, list[CaseRow]]:
    """Check it; nothing of it is left afterwards. How that ended, and the rows of the record."""
    mark = Mark.new()
    ended = sockproof_(folder, *CHECK, *options, *server.words, **mark.variables)
    assert list(living(mark)) == []
    (record,) = records_in(folder).values()
    return ended, list(record.cases)


def is_meant(row: CaseRow, found_by: str) -> bool:
    """Whether a row is of the requirement, and of the end of a variant if that is named."""
    name, _, end = found_by.rstrip("]").partition("[")
    return row.requirement == f"service/{name}" and CaseId.read(row.id).variant.endswith(end)


@pytest.mark.by_turns(192)
@pytest.mark.parametrize("server", MISTAKEN, ids=named)
def test_a_mistake_is_found(tmp_path: Path, server: ServedPartner) -> None:
    """Each requirement that its row names fails on it; its script, if there is one, shows it."""
    requirements = {name.partition("[")[0] for name in server.found_by}
    keyword = " or ".join(f"service/{name}[" for name in sorted(requirements))

    ended, rows = played(tmp_path, server, "--patience", "3", "-k", keyword)

    assert ended.status == 1, ended
    for name in server.found_by:
        failed = [one for one in rows if is_meant(one, name) and one.verdict is Verdict.FAIL]
        assert failed, (name, [(one.id, one.verdict, one.reason) for one in rows])
        if server in LIFE:
            assert CAUSE.search(failed[0].actual), failed[0].actual
        if has_script(CaseId.read(failed[0].id)):
            shown = [str(one.observations[SCRIPT]) for one in failed]
            assert any(text.endswith(SHOWN) for text in shown), shown


@pytest.mark.by_turns(184)
@pytest.mark.parametrize("server", SOUND, ids=named)
def test_a_sound_one_is_not_accused(tmp_path: Path, server: ServedPartner) -> None:
    """Whatever kind of server it is, and whatever its protocol."""
    ended, rows = played(tmp_path, server, "-k", "service/")

    assert [(one.id, one.actual, one.reason) for one in rows if one.verdict not in GOOD] == []
    assert ended.status == 0, ended
    assert sum(one.verdict is Verdict.PASS for one in rows) > len(rows) / 2


def test_every_requirement_is_played_and_found() -> None:
    """Catalogue, table and little servers know the same."""
    found = {f"service/{name.partition('[')[0]}" for one in MISTAKEN for name in one.found_by}

    assert {one.requirement for one in SERVICES} == set(load_service()) == found


def test_partners_are_all_in_the_table() -> None:
    """Each has a name of its own and an example; whoever is right is found by nothing."""
    servers = [*MISTAKEN, *SOUND]
    folder = servers[0].path.parents[1]
    files = {path for part in ("faulty", "right") for path in (folder / part).glob("*.py")}

    assert {server.path for server in servers} == files
    assert set(SERVED.values()) == set(servers)
    assert {one.exchanges for one in servers} == set((folder / "examples").iterdir())
    assert all(server.found_by for server in MISTAKEN)
    assert not any(server.found_by for server in SOUND)
