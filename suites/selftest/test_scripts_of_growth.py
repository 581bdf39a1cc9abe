"""Scripts that count judge as the check does: what fills up to a bound is none of their matter, and
what grows on and on is shown."""

from __future__ import annotations

import sys

import pytest

from fixtures.listeners.table import LISTENERS
from fixtures.partners.service.table import SERVED
from sockproof.check.language import ANSWERS, LINE, Language
from sockproof.check.listener import Listener, program_of, server_of
from sockproof.check.scene import Manners
from sockproof.check.scripts.check_script import CheckScript, ScriptCase
from sockproof.check.scripts.confirming import GONE, THERE, run_script
from sockproof.check.served_class import served_class
from sockproof.check.service.exchange_file import read_exchanges
from sockproof.check.service.exchanges import Exchanges
from sockproof.spec.case_id import CaseId

PATIENCE_S = 2.5
# It is waited for much longer than it takes: a busy machine is no fault of a script.
_MUCH = 8
LEAVERS, THOUSAND = "service/leavers-leave-nothing", "service/thousand-leave-nothing"
GARBAGE, LEAVING = "service/garbage-leaves-nothing", "invariants/leaving-clients-leave-nothing"
# Who is played on, by which script, in which variant, and how it ends.
TRIED = [
    ("a_pool_that_grows", LEAVERS, "exchange-1 end", GONE),
    ("a_pool_that_grows", GARBAGE, "", GONE),
    ("a_pool_that_grows", THOUSAND, "", GONE),
    ("a_cache_of_open_files", LEAVERS, "exchange-1 reset", GONE),
    ("a_cache_of_open_files", THOUSAND, "", GONE),
    ("a_pool_to_a_bound", LEAVING, "end", GONE),
    ("thread_pool", LEAVING, "end", GONE),
    ("leaks_a_descriptor", LEAVERS, "exchange-1 end", THERE),
    ("leaks_a_descriptor", THOUSAND, "", THERE),
    ("leaks_a_thread", THOUSAND, "", THERE),
    ("keeps_its_failures", GARBAGE, "", THERE),
    ("opens_before_it_checks", GARBAGE, "", THERE),
    ("keeps_threads", LEAVING, "end", THERE),
    ("never_closes", LEAVING, "end", THERE),
]


def subject_of(name: str) -> tuple[Listener, Language, Exchanges]:
    """A little server, what it answers to, and its examples if it has some."""
    if name in LISTENERS:
        return program_of(LISTENERS[name].argv), Language(ANSWERS, LINE), Exchanges(())
    one = SERVED[name]
    exchanges = read_exchanges(one.exchanges).exchanges
    first = exchanges.firsts[0]
    language = Language(ANSWERS, first.request, first.answer.octets or b"")
    if one.how == "factory":
        return server_of(served_class(f"{one.path}:make_server")), language, exchanges
    served = served_class(f"{one.path}:Server", f"{one.path}:Handler")
    return server_of(served), language, exchanges


@pytest.mark.by_turns(7)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="scripts count by /proc")
@pytest.mark.parametrize(("name", "requirement", "variant", "status"), TRIED)
def test_script_tells_a_pool_from_a_leak(
    name: str, requirement: str, variant: str, status: int
) -> None:
    """By crowds that come after what it has counted, as the check does."""
    subject, language, exchanges = subject_of(name)
    case = CaseId(requirement, subject.address.spec.id, variant)
    about = ScriptCase(case, subject, language, Manners(), "so", exchanges)

    ended = run_script(CheckScript(about, PATIENCE_S).text, subject, _MUCH * PATIENCE_S)

    assert ended.status == status, ended.printed
    assert ended.printed
