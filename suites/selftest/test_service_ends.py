"""How servers end that have an example: what clients get, what is not judged, and that scripts show
nothing on servers that are right."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.partners.service.table import SERVED
from sockproof.check.language import Language
from sockproof.check.listener import Listener, parse_address, server_of
from sockproof.check.scene import Manners
from sockproof.check.scripts.check_script import CheckScript, ScriptCase, has_script
from sockproof.check.scripts.confirming import GONE, run_script
from sockproof.check.served_class import served_class
from sockproof.check.service.ending import ENDINGS
from sockproof.check.service.ending_moments import MOMENTS
from sockproof.check.service.exchange_file import read_exchanges
from sockproof.check.service.listening_queue import ListeningQueue, listening_queue
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from sockproof.spec.case_id import CaseId
from suites.selftest.checked import CHECK
from suites.selftest.runs import records_in, sockproof_

PATIENCE_S = 2.5
# Requirements that have a script, each with a variant.
SCRIPTS = [
    ("half-request-is-ended", "shout"),
    ("rests-after-exchanges", "left"),
    ("rests-after-exchanges", "stay"),
    ("overflow-is-answered", ""),
    *(
        (name, variant)
        for variant in ENDINGS
        for name in ("stop-ends-at-work", "stop-forgets-nobody", "starts-again-and-answers")
        if name != "stop-forgets-nobody" or MOMENTS[variant.partition(" ")[0]].has_clients
    ),
]


def rows_of(folder: Path, name: str, keyword: str) -> dict[str, CaseRow]:
    """The rows of a check of a little server, by their variants."""
    ended = sockproof_(folder, *CHECK, "-k", keyword, *SERVED[name].words)
    assert ended.status in (0, 5), ended
    (record,) = records_in(folder).values()
    return {CaseId.read(row.id).variant: row for row in record.cases}


@pytest.mark.by_turns(5)
def test_sigterm_is_for_whoever_handles_it(tmp_path: Path) -> None:
    """A class that does not is served by a program of ours, and that would have to."""
    rows = rows_of(tmp_path, "threads", "service/stop-ends-at-work[TCP/inet,idle")

    assert rows["idle interrupt"].verdict is Verdict.PASS
    assert rows["idle terminate"].verdict is Verdict.NOT_APPLICABLE
    assert "SIGTERM" in rows["idle terminate"].reason


@pytest.mark.by_turns(5)
def test_whoever_is_waited_for_gets_a_whole_answer(tmp_path: Path) -> None:
    """Its threads are no daemons: what they got was said before it ended."""
    keyword = "service/stop-forgets-nobody[TCP/inet,asking"
    rows = rows_of(tmp_path, "daemon_threads_on_the_handler", keyword)

    assert rows["asking interrupt"].observations["fates"] == {"a whole answer": 4}


@pytest.mark.by_turns(5)
def test_what_is_kept_on_purpose_is_a_value(tmp_path: Path) -> None:
    """Of lists and the like nobody knows that they are of no use any more."""
    rows = rows_of(tmp_path, "remembers_its_clients", "service/thousand-keep-no-objects")

    objects = rows[""].observations["objects"]
    assert rows[""].verdict is Verdict.PASS
    assert objects[-1] - objects[0] > 800


@pytest.mark.by_turns(3)
def test_objects_of_a_program_are_not_counted(tmp_path: Path) -> None:
    """It is the user's own, and has no part of ours."""
    rows = rows_of(tmp_path, "asyncio_lines", "service/thousand-keep-no-objects")

    assert rows[""].reason == "objects are counted only of a class that sockproof serves"


@contextlib.contextmanager
def listening(given: str, backlog: int) -> Iterator[tuple[socket.socket, Listener]]:
    """A socket that listens, and how a check names it."""
    is_unix = given.startswith("unix")
    family = socket.AF_UNIX if is_unix else socket.AF_INET6 if "[" in given else socket.AF_INET
    with socket.socket(family) as one:
        one.bind(given.partition(":")[2] if is_unix else (given.strip("[]"), 0))
        one.listen(backlog)
        port = "" if is_unix else f":{one.getsockname()[1]}"
        yield one, Listener(given, parse_address(f"{given}{port}"))


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("given", ["127.0.0.1", "[::1]", "unix:{folder}/s"])
def test_queue_tells_who_waits_and_how_many_may(tmp_path: Path, given: str) -> None:
    """One more than there is room for finds a place."""
    with (
        listening(given.replace("{folder}", str(tmp_path)), 2) as (one, subject),
        contextlib.ExitStack() as clients,
    ):
        seen = [listening_queue(subject.address)]
        for _ in range(3):
            client = clients.enter_context(socket.socket(one.family))
            client.connect(one.getsockname())
            seen.append(listening_queue(subject.address))

    assert seen == [ListeningQueue(number, 2) for number in range(4)]
    assert [queue.is_full for queue in seen if queue] == [False, False, False, True]


def test_queue_of_nobody_is_not_told() -> None:
    """Whoever does not listen has none."""
    assert listening_queue(parse_address("127.0.0.1:1")) is None


@pytest.mark.by_turns(9)
@pytest.mark.parametrize(("name", "variant"), SCRIPTS)
def test_script_shows_nothing_on_a_right_server(name: str, variant: str) -> None:
    """It has a handler for SIGTERM, and waits for its clients."""
    partner = SERVED["waits_for_its_clients"]
    served = served_class(f"{partner.path}:Server", f"{partner.path}:Handler")
    subject = server_of(served)
    case = CaseId(f"service/{name}", subject.address.spec.id, variant)
    exchanges = read_exchanges(partner.exchanges).exchanges
    language = Language("answers", b"hello\n", b"HELLO\n")
    about = ScriptCase(case, subject, language, Manners(), "it was so", exchanges)

    ended = run_script(CheckScript(about, PATIENCE_S).text, subject, PATIENCE_S)

    assert ended.status == GONE, ended.printed


def test_objects_alone_have_no_script() -> None:
    """They are seen from within."""
    names = {name for name, _variant in SCRIPTS}

    assert all(has_script(CaseId(f"service/{name}", "TCP/inet", "")) for name in names)
    assert not has_script(CaseId("service/thousand-keep-no-objects", "TCP/inet", ""))
