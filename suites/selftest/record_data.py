"""Made-up runs for the tests of records and reports: a small one, and a demo of three columns.

``python -m suites.selftest.record_data FOLDER`` writes the demo's records and its page.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.evidence import Octets, TranscriptEvent
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow, Known, RequirementRow, Teardown
from sockproof.record.writer import RecordWriter
from sockproof.report.html.page import report_html
from sockproof.spec.levels import Level
from sockproof.spec.matrix import ALL_SPECS

CLEAN = Teardown(TeardownVerdict.CLEAN)
DOCS = "https://docs.python.org/3/library/socketserver.html#"

PROMISES: dict[str, str] = {
    "binding": """
        M port-zero-is-resolved|server_address holds the port that the kernel chose
        M bind-false-does-not-bind|bind_and_activate=False neither binds nor listens
        S failed-bind-closes|a bind that fails closes the socket before the error leaves
        M reuse-address-is-set|allow_reuse_address sets SO_REUSEADDR before bind
        M reuse-port-is-set|allow_reuse_port sets SO_REUSEPORT before bind
        O second-bind-errno|the error of a second bind to the same address
        S unix-path-too-long|a path longer than sun_path is refused with an OSError""",
    "serving": """
        M shutdown-waits-for-loop|shutdown() returns after serve_forever() has ended
        M handle-request-serves-one|handle_request() serves exactly one request
        M timeout-calls-handle-timeout|handle_request() calls handle_timeout() after timeout seconds
        M service-actions-each-poll|service_actions() is called once in every turn of the loop
        S fileno-is-the-listener|fileno() is the descriptor of the listening socket
        O poll-interval-rounding|how many times the loop turns in 50 ms
        M context-manager-closes|leaving the with block calls server_close()""",
    "dispatch": """
        M refused-request-is-closed|a request that verify_request() refuses never meets the handler
        M order-of-calls|get_request, verify_request, process_request come in this order
        M shutdown-request-after-finish|shutdown_request() is called once the handler has finished
        S get-request-oserror-is-quiet|an OSError of get_request() goes by without handle_error()
        M process-request-overridable|a subclass's process_request() sees every verified request""",
    "handlers": """
        M setup-handle-finish|setup(), handle(), finish() are called in this order
        M finish-after-exception|finish() is called although handle() raised
        M no-finish-after-setup-failed|finish() is not called when setup() raised
        M attributes|request, client_address and server are attributes of a handler
        O handle-error-stderr|what handle_error() prints""",
    "streams": """
        M rfile-reads-lines|rfile.readline() gives one line however the octets were cut
        M wbufsize-zero-is-unbuffered|with wbufsize 0 every write reaches the peer at once
        S flush-after-reset-is-quiet|finish() swallows the error of a flush after a reset
        M timeout-applies|timeout is set on the connection before handle()
        M nodelay|disable_nagle_algorithm sets TCP_NODELAY on the connection
        O read-after-half-close|what rfile gives after the peer has half closed""",
    "datagrams": """
        M request-is-pair|request is a pair of the datagram and the server's socket
        M reply-goes-to-sender|wfile is sent to the sender when the handler ends
        M max-packet-size|a datagram longer than max_packet_size is cut to it
        M empty-datagram|an empty datagram reaches the handler as one request
        S oversize-reply|a reply too large for one datagram is reported by handle_error()""",
    "unix": """
        M path-is-address|server_address is the path that was bound
        O path-is-not-removed|whether server_close() removes the path
        M abstract-name|a name in the abstract namespace leaves no file
        S unnamed-client-address|client_address of an unnamed peer is empty""",
    "threading": """
        M own-thread|every request runs in a thread of its own
        M daemon-threads|daemon_threads decides whether handler threads are daemons
        M block-on-close|server_close() waits for non-daemon threads
        S exception-in-thread|an exception in a thread is given to handle_error()
        O thread-names|the names of handler threads""",
    "forking": """
        M own-process|every request runs in a child process
        M children-are-reaped|no child is left as a zombie after server_close()
        M max-children|never more than max_children run at once
        S child-closes-listener|a child does not keep the listening socket open
        M parent-survives-exit|os._exit in a handler leaves the parent serving""",
    "failures": """
        M handler-exception-keeps-serving|an exception in handle() does not end the loop
        M reset-before-accept|a connection reset before accept() does not end the loop
        S descriptor-exhaustion|serving goes on once descriptors are to be had again
        M keyboard-interrupt-leaves|KeyboardInterrupt leaves serve_forever()
        S listener-closed-under-loop|closing the listener under the loop does not hang it""",
    "names": """
        M exported-names|__all__ holds every documented name
        S fork-names-without-fork|without os.fork the forking names are absent
        O module-size|the number of public names
        A extra-names|further public names are allowed""",
}
_LEVELS = {"M": Level.MUST, "S": Level.SHOULD, "A": Level.MAY, "O": Level.OBSERVED}


def requirements() -> Iterator[RequirementRow]:
    """The demo's requirements, in order."""
    for area, lines in PROMISES.items():
        for line in lines.strip().splitlines():
            letter, _, rest = line.strip().partition(" ")
            slug, _, title = rest.partition("|")
            level = _LEVELS[letter]
            since = "3.11" if slug == "reuse-port-is-set" else None
            anchor = "socketserver.BaseServer" if level is Level.MUST else "module-socketserver"
            yield RequirementRow(f"{area}/{slug}", area, title, level, DOCS + anchor, since)


def header(iut: str, given: str, version: str, name: str = "CPython") -> dict[str, Any]:
    """A header such as the plugin writes."""
    return {
        "suite_version": "0.1.0",
        "started": "2026-11-23T05:00:00Z",
        "implementation": {
            "id": iut,
            "given": given,
            "level": ".".join(version.split(".")[:2]),
            "name": name,
            "version": version,
            "executable": f"/usr/bin/{given}",
            "module": "socketserver",
            "module_file": "/usr/lib/python3/socketserver.py",
            "argv": [given],
        },
        "capabilities": {"fork": True, "AF_UNIX": True, "names": ["BaseServer", "TCPServer"]},
        "platform": {"system": "Linux", "release": "6.1.0-20-amd64", "machine": "x86_64"},
        "settings": {"keep": "fail", "workers": 2, "timeout_scale": 1.0, "select": "", "specs": []},
        "seed": 0,
    }


def octets(payload: bytes) -> Octets:
    """A payload as a transcript has it."""
    return Octets(payload[:64].decode("latin-1"), len(payload), hashlib.sha256(payload).hexdigest())


_HERE, _THERE = "('127.0.0.1', 40113)", "('127.0.0.1', 40114)"
TRANSCRIPT = (
    TranscriptEvent(0.0000, "server", "begun serve_forever"),
    TranscriptEvent(0.0004, "peer", "connect", note=f"{_HERE} to ('127.0.0.7', 8000)"),
    TranscriptEvent(0.0007, "peer", "send", octets(b"GET /\r")),
    TranscriptEvent(0.0008, "peer", "send", octets(b"\nx\x00\xff\x1b[31m")),
    TranscriptEvent(0.0009, "thread 1", "handler setup", note=f"client={_HERE}"),
    TranscriptEvent(0.0011, "thread 1", "handler handle", note=f"client={_HERE}"),
    TranscriptEvent(0.0013, "thread 1", "step read_line", octets(b"GET /\r\n")),
    TranscriptEvent(0.0015, "thread 1", "step gate", note="name='reply'"),
    TranscriptEvent(0.0016, "peer-2", "connect", note=f"{_THERE} to ('127.0.0.7', 8000)"),
    TranscriptEvent(0.0017, "peer-2", "send", octets(b"half a li")),
    TranscriptEvent(0.0018, "thread 2", "handler setup", note=f"client={_THERE}"),
    TranscriptEvent(0.0019, "peer-2", "reset"),
    TranscriptEvent(
        0.0020,
        "thread 2",
        "step read_line",
        error="ConnectionResetError: [Errno 104] Connection reset by peer",
    ),
    TranscriptEvent(0.0021, "server", "begun shutdown", note="called by the harness"),
    TranscriptEvent(0.0022, "thread 1", "step gate", note="name='reply' passed=True"),
    TranscriptEvent(0.0023, "server", "ended shutdown", note="0.2 ms before the loop ended"),
    TranscriptEvent(0.0024, "peer", "receive", octets(b"200 OK\r\n")),
    TranscriptEvent(0.0025, "thread 1", "step write", octets(b"200 OK\r\n"), note="value=8"),
    TranscriptEvent(0.0026, "thread 1", "handled"),
    TranscriptEvent(0.0027, "peer", "end of stream"),
)
STDERR = (
    "Exception occurred during processing of request from ('127.0.0.1', 40113)\n"
    "Traceback (most recent call last):\n"
    '  File "/usr/lib/python3/socketserver.py", line 697, in process_request_thread\n'
    "    self.finish_request(request, client_address)\n"
    "RuntimeError: told to raise\n"
)


def specs_of(requirement: RequirementRow) -> list[str]:
    """The specs that a demo requirement applies to; one empty one where none does."""
    words = {"datagrams": ("UDP", "Datagram"), "streams": ("TCP", "Stream"), "unix": ("Unix",)}
    words |= {"threading": ("Threading",), "forking": ("Forking",)}
    if requirement.area == "names":
        return [""]
    wanted = words.get(requirement.area, ("",))
    return [spec.id for spec in ALL_SPECS if any(word in spec.id for word in wanted)]


DEVIATIONS: dict[tuple[str, str, str], dict[str, Any]] = {
    ("my_socketserver", "shutdown-waits-for-loop", "Threading*"): {
        "verdict": Verdict.FAIL,
        "expected": "shutdown() returns after serve_forever() has ended",
        "actual": "shutdown() returned 0.2 ms before the loop ended, 200 of 200 tries",
        "transcript": TRANSCRIPT,
        "stderr": STDERR,
    },
    ("*", "flush-after-reset-is-quiet", "ForkingTCP/inet"): {
        "verdict": Verdict.FAIL,
        "expected": "nothing on stderr",
        "actual": "handle_error() was called with BrokenPipeError",
        "transcript": TRANSCRIPT[1:6],
        "stderr": STDERR,
    },
    ("my_socketserver", "children-are-reaped", "*+*"): {
        "teardown": Teardown(
            TeardownVerdict.LEAKED, ("child 4711 (zombie)", "fd 9 -> socket:[88412]")
        ),
    },
    ("my_socketserver", "listener-closed-under-loop", "UDP/inet"): {
        "verdict": Verdict.INCONCLUSIVE,
        "reason": "the server did not answer the exchange before the fault within 5 s",
        "teardown": Teardown(TeardownVerdict.STILL_RUNNING, ("thread MainThread in select()",)),
        "stacks": "Thread MainThread:\n  selectors.py 415 select\n  socketserver.py 235",
        "transcript": TRANSCRIPT[:4],
    },
    ("cpython-3.8.18", "descriptor-exhaustion", "Forking+UDP/inet6"): {
        "verdict": Verdict.ERROR,
        "reason": "the agent answered 'accounting' out of turn",
        "teardown": Teardown(),
    },
}
"""By implementation, requirement without its area, and server spec; ``*`` stands for any text."""


def deviation(iut: str, requirement: RequirementRow, spec: str) -> dict[str, Any]:
    """How one case of the demo differs from a clean pass, as keyword arguments of CaseRow."""
    if iut == "cpython-3.8.18" and requirement.since:
        reason = f"holds since Python {requirement.since}; this is 3.8"
        return {"verdict": Verdict.NOT_APPLICABLE, "reason": reason, "teardown": Teardown()}
    case = (iut, requirement.id.partition("/")[2], spec)
    found = (
        told
        for patterns, told in DEVIATIONS.items()
        if all(map(fnmatch.fnmatchcase, case, patterns))
    )
    return next(found, {})


def known_case(iut: str, requirement: RequirementRow, spec: str) -> dict[str, Any]:
    """What expectations say of a case of the demo, and observations that no other run has."""
    slug = requirement.id.partition("/")[2]
    told: dict[str, Any] = {}
    if (
        slug == "flush-after-reset-is-quiet"
        and spec == "ForkingTCP/inet"
        and iut != "my_socketserver"
    ):
        told["known"] = Known("finish() flushes again.", DOCS + "x", "cpython.toml")
    if slug == "order-of-calls" and spec == "TCP/inet" and iut == "cpython-3.13.0":
        told["known"] = Known("Once out of order.", "", "cpython.toml", "FAIL was expected")
    if requirement.level is Level.OBSERVED and slug != "poll-interval-rounding":
        told["observations"] = {"second bind: errno": "EADDRINUSE"}
    return told


def demo_cases(iut: str, rows: Iterable[RequirementRow], known: bool = False) -> Iterator[CaseRow]:
    """Every case of one demo implementation; ``known`` with expectations."""
    for requirement in rows:
        for n, spec in enumerate(specs_of(requirement)):
            case_id = f"{requirement.id}[{spec}]" if spec else requirement.id
            seen = {"second bind: errno": "EADDRINUSE", "turns": 41 + len(iut)}
            base: dict[str, Any] = {
                "verdict": Verdict.PASS,
                "teardown": CLEAN,
                "observations": seen if requirement.level is Level.OBSERVED else {},
                "duration_s": 0.003 + n / 10_000,
            }
            base |= deviation(iut, requirement, spec)
            base |= known_case(iut, requirement, spec) if known else {}
            yield CaseRow(case_id, requirement.id, spec, **base)


def write_demo(folder: Path, known: bool = False) -> list[Record]:
    """Three records, as read back. With ``known``: a known failure, a stale expectation, and the
    second of them as the reference of the third."""
    rows = list(requirements())
    given = {
        "cpython-3.8.18": ("python3.8", "3.8.18"),
        "cpython-3.13.0": ("python3.13", "3.13.0"),
        "my_socketserver": ("./my_socketserver.py", "3.13.0"),
    }
    records = []
    for iut, (command, version) in given.items():
        path = folder / f"{iut}.jsonl"
        with RecordWriter(path, header(iut, command, version)) as writer:
            for row in rows:
                writer.requirement(row)
            for case in demo_cases(iut, rows, known):
                writer.case(case)
        records.append(read_record(path))
    if known:
        records[2] = dataclasses.replace(records[2], reference=records[1])
    return records


REQUIREMENT = RequirementRow(
    "dispatch/order-of-calls", "dispatch", "Calls come in order.", Level.MUST, DOCS + "x"
)


def write_record(
    path: Path,
    cases: Sequence[CaseRow],
    rows: Sequence[RequirementRow] = (REQUIREMENT,),
    iut: str = "cpython-3.13.0",
    finish: bool = True,
) -> Record:
    """A small record of these cases; without its footer when it is not to be finished."""
    writer = RecordWriter(path, header(iut, "python3.13", "3.13.0"))
    for row in rows:
        writer.requirement(row)
    for case in cases:
        writer.case(case)
    if finish:
        writer.close()
    else:
        writer.abandon()
    return read_record(path)


def case_row(spec: str = "TCP/inet", verdict: Verdict = Verdict.PASS, **more: Any) -> CaseRow:
    """One case of REQUIREMENT."""
    settings = {"teardown": CLEAN} | more
    case_id = f"{REQUIREMENT.id}[{spec}]"
    return CaseRow(case_id, REQUIREMENT.id, spec, verdict, **settings)


HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    "'\"`&amp;${1}{{7*7}}]]>--><!--\x00\x1b[31m\ud800\u2028\u202e[bold]x[/bold]|*_`\r\n# y"
)


def hostile_record(path: Path) -> Record:
    """A record whose every free text is meant to break a reader, with 1 MB of it."""
    hostile = RequirementRow(
        f"area/{HOSTILE}", HOSTILE, HOSTILE, Level.MUST, "javascript:alert(3)//" + HOSTILE
    )
    event = TranscriptEvent(
        0.1, HOSTILE, HOSTILE, Octets("".join(map(chr, range(256))), 1 << 20), HOSTILE, HOSTILE
    )
    cases = [
        CaseRow(
            f"{hostile.id}[{HOSTILE}{verdict}]",
            hostile.id,
            HOSTILE,
            verdict,
            HOSTILE,
            HOSTILE,
            HOSTILE,
            teardown=Teardown(TeardownVerdict.LEAKED, (HOSTILE,)),
            observations={HOSTILE: [HOSTILE, {HOSTILE: None}]},
            stderr=HOSTILE + "A" * (1 << 20),
            stdout=HOSTILE,
            stacks=HOSTILE,
            transcript=(event,),
        )
        for verdict in Verdict
    ]
    writer = RecordWriter(path, header(HOSTILE, HOSTILE, "3.13.0", HOSTILE))
    writer.requirement(hostile)
    for case in cases:
        writer.case(case)
    writer.close(complete=False, reason=HOSTILE)
    return read_record(path)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    page = report_html(write_demo(target, known=True))
    (target / "report.html").write_text(page, "utf-8")
