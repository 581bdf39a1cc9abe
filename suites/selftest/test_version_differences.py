"""What changed between Pythons, by bug reports and release notes, is to be found in the records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from sockproof._paths import REFERENCE, kit_dir
from sockproof.record.reader import Record, read_record
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.levels import parse_python_level
from suites.selftest.reference_rules import not_yet_in

VERDICT = "verdict"
N, P, F = "NOT_APPLICABLE", "PASS", "FAIL"
LEVELS = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
KEEPS_DEADLINE = "the deadline of handle_request() after a signal"
CLOSED_ON_EXEC = "the server's socket is closed on exec"
AFTER_THREE = "zombies after three requests"
A_LINE = "-" * 40
LOOP_GOES_ON = (
    "the loop goes on; its request is closed; a traceback is printed; handle_error() called"
)
LOOP_RAISES = (
    "serve_forever() raises SystemExit, shutdown() returns; its request is closed; "
    "nothing is printed; handle_error() not called"
)


@dataclass(frozen=True)
class Has:
    """Whether an observation, which is a list, has a member."""

    observation: str
    member: str

    def __str__(self) -> str:
        return f"{self.observation} has {self.member}"


CHANGES: list[tuple[str, str, str | Has, Mapping[str, Any]]] = [
    (
        "bpo-11109",
        "forking/zombies-of-an-idle-loop[ForkingTCP/inet]",
        AFTER_THREE,
        {"2.7": 1, "3.6": 0},
    ),
    (
        "3.3",
        "forking/zombies-under-handle-request[ForkingTCP/inet]",
        AFTER_THREE,
        {"2.7": 1, "3.6": 3},
    ),
    (
        "3.3",
        "forking/max-children-under-handle-request[ForkingTCP/inet]",
        VERDICT,
        {"2.7": P, "3.6": F},
    ),
    (
        "3.3",
        "names/definitions-are-recorded",
        Has("BaseServer", "service_actions"),
        {"2.7": False, "3.6": True},
    ),
    (
        "3.4",
        "serving/many-descriptors[TCP/inet]",
        "serve_forever()",
        {"2.7": "raises ValueError", "3.6": "serves"},
    ),
    (
        "PEP 446",
        "construction/inheritance-of-descriptors[TCP/inet]",
        CLOSED_ON_EXEC,
        {"2.7": False, "3.6": True},
    ),
    (
        "PEP 475",
        "serving/signals-and-the-deadline[TCP/inet]",
        KEEPS_DEADLINE,
        {"2.7": "begins anew", "3.6": "is kept"},
    ),
    (
        "bpo-23430",
        "errors/exceptions-in-every-method[TCP/inet,handle]",
        "SystemExit",
        {"2.7": LOOP_GOES_ON, "3.6": LOOP_RAISES},
    ),
    (
        "bpo-23430",
        "errors/banner-text[TCP/inet]",
        Has("standard output", A_LINE),
        {"2.7": True, "3.6": False},
    ),
    (
        "bpo-23430",
        "errors/banner-text[TCP/inet]",
        Has("standard error", A_LINE),
        {"2.7": False, "3.6": True},
    ),
    (
        "bpo-26404",
        "construction/context-manager-returns-the-server[TCP/inet]",
        VERDICT,
        {"2.7": N, "3.6": P},
    ),
    (
        "bpo-26721",
        "handlers/wfile-sends-with-any-buffer-size[TCP/inet,none]",
        "a large write returns",
        {"2.7": None, "3.6": 122880},
    ),
    (
        "bpo-23883",
        "names/exports-are-recorded",
        Has("__all__", "BaseServer"),
        {"2.7": False, "3.6": True},
    ),
    ("bpo-35017", "serving/request-after-shutdown-is-not-accepted[TCP/inet]", VERDICT, {"2.7": P}),
    (
        "bpo-31233",
        "threading/server-close-while-a-handler-runs[ThreadingTCP/inet,not-daemonic]",
        "server_close() waits for the handler",
        {"2.7": False, "3.7": True},
    ),
    (
        "bpo-31233",
        "threading/open-connection-at-server-close[ThreadingTCP/inet]",
        "server_close() waits for the client",
        {"2.7": False, "3.7": True},
    ),
    (
        "bpo-31151",
        "forking/server-close-while-a-child-runs[ForkingTCP/inet,default]",
        "server_close() waits for the child",
        {"2.7": False, "3.7": True},
    ),
    (
        "bpo-33540",
        "names/default-attributes",
        "ThreadingMixIn.block_on_close",
        {"2.7": "none such", "3.7": True},
    ),
    (
        "bpo-37193",
        "threading/finished-threads-kept[ThreadingTCP/inet]",
        "threads kept",
        {"2.7": 0, "3.7": 20, "3.8": 1},
    ),
    (
        "PR 19767",
        "errors/banner-text[TCP/inet]",
        "wording",
        {
            "2.7": "Exception happened during processing of request from ADDRESS",
            "3.9": "Exception occurred during processing of request from ADDRESS",
        },
    ),
    (
        "bpo-16594",
        "names/default-attributes",
        "TCPServer.allow_reuse_port",
        {"2.7": "none such", "3.11": False},
    ),
    (
        "gh-128916",
        "binding/reuse-port-on-a-unix-server[UnixStream/path]",
        VERDICT,
        {"2.7": N, "3.11": F},
    ),
    (
        "gh-103673",
        "names/exports-are-recorded",
        Has("__all__", "ForkingUnixStreamServer"),
        {"2.7": False, "3.12": True},
    ),
    (
        "gh-100228",
        "forking/fork-warning[ForkingTCP/inet,loop-in-a-thread]",
        "warnings",
        {
            "2.7": [],
            "3.12": ["DeprecationWarning"],
        },
    ),
    (
        "no bug",
        "serving/serving-when-closed[TCP/inet]",
        "handle_request()",
        {
            "2.7": "raises error EBADF",
            "3.6": "raises ValueError",
        },
    ),
    ("bpo-14574", "handlers/reply-to-a-gone-client-is-not-an-error[TCP/inet]", VERDICT, {"2.7": F}),
    (
        "bpo-13140",
        "threading/daemon-threads-is-honoured[ThreadingTCP/inet,true-in-daemonic-loop]",
        VERDICT,
        {"2.7": P},
    ),
    (
        "gh-88932",
        "serving/shutdown-of-an-idle-loop[TCP/inet]",
        "shutdown() of an idle loop",
        {"2.7": "waits for the poll"},
    ),
    (
        "gh-83978",
        "serving/shutdown-before-the-loop-is-not-lost[TCP/inet]",
        "shutdown() without a loop",
        {"2.7": "waits for one"},
    ),
    (
        "no bug",
        "serving/shutdown-without-a-loop[TCP/inet,after-a-shutdown]",
        "the loop started next",
        {"2.7": "ends at once"},
    ),
    (
        "no bug",
        "serving/shutdown-without-a-loop[TCP/inet,after-it-died]",
        "the loop started next",
        {"2.7": "ends at once"},
    ),
    (
        "no bug",
        "resources/loop-survives-lack-of-descriptors[TCP/inet]",
        "no descriptor: handle_error called",
        {"2.7": False},
    ),
    (
        "bpo-5824",
        "datagrams/unbound-sender-leaves-server-serving[UnixDatagram/path,DatagramRequestHandler]",
        "client without a name: handle_error",
        {"2.7": ["TypeError"]},
    ),
    (
        "no bug",
        "datagrams/empty-reply[UDP/inet]",
        "nothing written: datagrams received",
        {"2.7": [""]},
    ),
]
"""Where it is told, the case, the observation or the verdict, and the value from each level on."""


@pytest.fixture(scope="module")
def records() -> Mapping[str, Record]:
    """CPython's reference records by level."""
    found = [read_record(path) for path in (kit_dir() / REFERENCE).glob("cpython-*.jsonl")]
    return {record.implementation.level: record for record in found}


@pytest.mark.by_turns(8)
@pytest.mark.parametrize(
    ("told", "case_id", "name", "values"), CHANGES, ids=lambda value: str(value)[:60]
)
def test_a_known_change_is_on_record(
    records: Mapping[str, Record],
    told: str,
    case_id: str,
    name: str | Has,
    values: Mapping[str, Any],
) -> None:
    """The record of each level says what holds from that level on; of those that hold the case."""
    catalogue = load_catalogue()
    if any(not_yet_in(record, case_id, catalogue) for record in records.values()):
        pytest.skip(f"{case_id} is not yet in the reference; make reference")
    seen = {level: value_of(records[level], case_id, name) for level in LEVELS}

    assert seen == {level: value_at(level, values) for level in LEVELS}, told


def value_of(record: Record, case_id: str, name: str | Has) -> Any:
    case = record.case(case_id)
    assert case is not None, case_id
    if isinstance(name, Has):
        return name.member in case.observations[name.observation]
    return case.verdict.value if name == VERDICT else case.observations[name]


def value_at(level: str, values: Mapping[str, Any]) -> Any:
    """The value of the latest level that is not after this one."""
    begun = [one for one in values if parse_python_level(one) <= parse_python_level(level)]
    return values[max(begun, key=parse_python_level)]
