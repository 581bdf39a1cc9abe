"""The matrix of server specs: every combination once, under ids that are read and selected by."""

from __future__ import annotations

import dataclasses

import pytest

from sockproof.errors import UsageError
from sockproof.spec.matrix import ALL_SPECS, FAMILIES_OF_KIND, ServerSpec, select_specs, spec_by_id


def test_matrix_has_every_combination_once() -> None:
    """Four kinds in two families each, plain, and by either mixin predefined and mixed by hand."""
    combinations = {
        (spec.kind, spec.mixin, spec.family, spec.mixed, spec.class_name) for spec in ALL_SPECS
    }

    assert len(ALL_SPECS) == 4 * 2 * (1 + 2 * 2) == 40
    assert len(combinations) == 40
    assert len({spec.id for spec in ALL_SPECS}) == 40


def test_a_family_belongs_to_its_kind() -> None:
    """No Unix server has an IP address, and no other a path."""
    assert all(spec.family in FAMILIES_OF_KIND[spec.kind] for spec in ALL_SPECS)
    assert {spec.family for spec in ALL_SPECS if spec.is_unix} == {"path", "abstract"}


@pytest.mark.parametrize(
    ("spec_id", "expected", "class_name", "mixin_name"),
    [
        ("TCP/inet", ServerSpec("TCP", "none", "inet"), "TCPServer", ""),
        (
            "ThreadingUDP/inet6",
            ServerSpec("UDP", "Threading", "inet6"),
            "ThreadingUDPServer",
            "",
        ),
        (
            "ForkingUnixStream/path",
            ServerSpec("UnixStream", "Forking", "path"),
            "ForkingUnixStreamServer",
            "",
        ),
        (
            "Threading+UnixDatagram/abstract",
            ServerSpec("UnixDatagram", "Threading", "abstract", mixed=True),
            "UnixDatagramServer",
            "ThreadingMixIn",
        ),
    ],
)
def test_an_id_names_class_mixin_and_family(
    spec_id: str, expected: ServerSpec, class_name: str, mixin_name: str
) -> None:
    """A predefined class goes by its own name; a plus sign says that the mixin is put over it."""
    spec = spec_by_id(spec_id)

    assert spec == expected
    assert str(spec) == spec.id == spec_id
    assert (spec.class_name, spec.mixin_name) == (class_name, mixin_name)


def test_streams_and_datagrams_are_told_apart() -> None:
    """TCP and Unix streams are streams, whatever mixin they have."""
    streams = {spec.kind for spec in ALL_SPECS if spec.is_stream}
    datagrams = {spec.kind for spec in ALL_SPECS if not spec.is_stream}

    assert streams == {"TCP", "UnixStream"}
    assert datagrams == {"UDP", "UnixDatagram"}


def test_a_spec_does_not_change() -> None:
    """A spec is a value: nothing can be set on it."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        ALL_SPECS[0].kind = "UDP"  # type: ignore[misc]


@pytest.mark.parametrize("unknown", ["TCP", "TCP/path", "tcp/inet", "Threading+TCP", ""])
def test_an_unknown_id_is_refused(unknown: str) -> None:
    """An id that is none is a usage error, and says where the ids are listed."""
    with pytest.raises(UsageError, match=f"no server spec '{unknown.replace('+', '.')}'; see"):
        spec_by_id(unknown)


@pytest.mark.parametrize(
    ("patterns", "count"),
    [
        ([], 40),
        (["TCP/inet"], 1),
        (["*TCP/inet"], 5),
        (["*+*"], 16),
        (["*/path", "*/abstract"], 20),
        (["TCP/*", "TCP/inet"], 2),
        (["Forking[UT]*"], 8),
    ],
)
def test_specs_are_selected_by_pattern(patterns: list[str], count: int) -> None:
    """Shell-style patterns select ids, each spec once, in the order of the matrix."""
    selected = select_specs(patterns)

    assert len(selected) == count
    assert list(selected) == [spec for spec in ALL_SPECS if spec in selected]


@pytest.mark.parametrize("pattern", ["SCTP/inet", "tcp/inet", "TCP"])
def test_a_pattern_that_matches_nothing_is_refused(pattern: str) -> None:
    """One of several patterns that selects nothing is a mistake, not an empty selection."""
    with pytest.raises(UsageError, match=f"--spec '{pattern}' matches nothing"):
        select_specs(["TCP/inet", pattern])
