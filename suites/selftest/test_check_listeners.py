"""Little servers before a check: the fault of each is found, and no right one is accused."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.listeners.table import FAULTY, LISTENERS, RIGHT, LittleServer
from sockproof.check.invariants.table import INVARIANTS
from sockproof.judge.verdict import Verdict
from sockproof.spec.catalogue import load_invariants
from sockproof.spec.levels import Level
from suites.selftest.checked import bad_rows, check, rows_of


def named(server: LittleServer) -> str:
    return server.path.name


def requirements_of(server: LittleServer) -> list[str]:
    return list(dict.fromkeys(one.partition("[")[0] for one in server.found_by))


@pytest.mark.by_turns(76)
@pytest.mark.parametrize("server", FAULTY, ids=named)
def test_a_fault_is_found(tmp_path: Path, server: LittleServer) -> None:
    """Each requirement that its row names fails on it, in the variant that the row names."""
    if server.why_not:
        pytest.skip(server.why_not)

    ended = check(tmp_path, server, "-k", " or ".join(requirements_of(server)))

    rows = rows_of(tmp_path)
    for name in server.found_by:
        found = [row for key, row in rows.items() if name in (key, key.partition("[")[0])]
        if all(row.verdict is Verdict.NOT_APPLICABLE for row in found):
            pytest.skip(found[0].reason)
        assert Verdict.FAIL in [row.verdict for row in found], (name, rows)
    assert ended.status == 1, ended


@pytest.mark.by_turns(272)
@pytest.mark.parametrize("server", RIGHT, ids=named)
def test_a_right_one_is_not_accused(tmp_path: Path, server: LittleServer) -> None:
    """Whatever kind of server it is; and hardly anything cannot be judged of it."""
    if server.why_not:
        pytest.skip(server.why_not)

    ended = check(tmp_path, server)

    rows = rows_of(tmp_path)
    assert bad_rows(rows) == []
    assert ended.status == 0, ended
    assert sum(row.verdict is Verdict.PASS for row in rows.values()) > len(rows) / 2


def test_every_invariant_is_played_and_found() -> None:
    """Catalogue, table and little servers know the same invariants. What is OBSERVED alone, nobody
    fails."""
    catalogue = load_invariants()
    found = {f"invariants/{name}" for server in FAULTY for name in requirements_of(server)}
    judged = {one.id for one in catalogue.values() if one.level is not Level.OBSERVED}

    assert {one.requirement for one in INVARIANTS} == set(catalogue)
    assert found >= judged


def test_little_servers_are_all_in_the_table() -> None:
    """And each has a name of its own."""
    servers = [*FAULTY, *RIGHT]
    folders = {server.path.parent for server in servers}
    files = {path for folder in folders for path in folder.iterdir() if path.is_file()}

    assert {server.path for server in servers} == files
    assert set(LISTENERS.values()) == set(servers)
    assert all(server.found_by for server in FAULTY)
    assert not any(server.found_by for server in RIGHT)
    variants = {
        f"{one.name}[{variant}]"
        for one in INVARIANTS
        for variant in (*one.variants, *one.tls_variants)
    }
    names = variants | {one.name for one in INVARIANTS}
    assert {name for server in FAULTY for name in server.found_by} <= names
