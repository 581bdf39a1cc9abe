"""A check that speaks TLS: what it tells of servers with TLS, and of what it is given for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fixtures.listeners.table import LISTENERS
from sockproof.check.scripts.confirming import SCRIPT, SHOWN
from sockproof.judge.verdict import Verdict
from suites.selftest.checked import check, rows_of

# Of each fault of TLS, the case that shows it, and what is told of its cause.
CAUSES = {
    "tls_shakes_hands_in_accept": (
        "neighbours-delay-nobody[silent]",
        r"whoever is in the handshake holds up all others, in get_request\(\) at socketserver\.py",
    ),
    "tls_dies_of_a_handshake": (
        "garbage-is-survived[octets]",
        r"the program has ended with status 1: ssl\.SSLError: .*WRONG_VERSION_NUMBER",
    ),
    "tls_keeps_the_unagreed": (
        "leaving-clients-leave-nothing[in the handshake]",
        r"clients left \(in the handshake\); .* there are \d+ more descriptors",
    ),
    "tls_tries_again": (
        "leaving-clients-leave-nothing[deaf to the handshake]",
        r"more threads .*; threads stand: \d+ in setup\(\) at tls_tries_again\.py",
    ),
    "tls_dies_of_a_record": (
        "garbage-is-survived[octets past TLS]",
        r"the program has ended with status 1: ssl\.SSLError",
    ),
    "tls_stops_with_its_handshakes": (
        "stop-ends-in-time[silent client]",
        r"threads stand: \d+ in handle\(\) at tls_stops_with_its_handshakes\.py",
    ),
}


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("name", CAUSES)
def test_a_fault_of_tls_is_told_with_its_cause(tmp_path: Path, name: str) -> None:
    """And its script, of Python's standard library, shows it."""
    case, cause = CAUSES[name]
    keyword = case.replace("[", "[TCP/inet,")

    check(tmp_path, LISTENERS[name], "--patience", "2", "-k", keyword)

    row = rows_of(tmp_path)[case]
    assert row.verdict is Verdict.FAIL
    assert re.search(cause, row.actual), row.actual
    assert str(row.observations[SCRIPT]).endswith(SHOWN), row.observations
