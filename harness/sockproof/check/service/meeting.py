"""Has each example once, before anything is judged: what fails now, the example is wrong."""

from __future__ import annotations

from pathlib import Path

from sockproof.check.clientele import Clientele
from sockproof.check.language import ANSWERS, Language
from sockproof.check.listener import Address
from sockproof.check.service.caller import Caller
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.errors import HarnessError
from sockproof.iut.case_log import CaseLog
from sockproof.judge.checks import Mismatch
from sockproof.timing import hang_bound_s

__all__ = ["meet"]


def meet(exchanges: Exchanges, address: Address, folder: Path, log: CaseLog) -> Language:
    """How the server at an address shows that it serves: it answers the first of the examples.

    Raises:
        HarnessError: nobody is there, or an example goes otherwise; the message has both answers.
    """
    clientele = Clientele(address, Language(ANSWERS), folder, log)
    for exchange in exchanges.all:
        try:
            caller = _reach(clientele).have_all([*exchanges.before(exchange), exchange])
            if exchange.keeps and caller.ends_at_once():
                raise Mismatch("a connection that goes on, as keeps = true says", "its end")
        except Mismatch as problem:
            told = f"exchange {exchange.name!r}: it gets {problem.actual}, not {problem.expected}"
            hint = "correct the example, or see by hand what the server answers"
            raise HarnessError(f"{address.words}: {told}", hint) from None
        finally:
            clientele.close_clients()
    return _language(exchanges.firsts[0])


def _reach(clientele: Clientele) -> Caller:
    try:
        return Caller(clientele, hang_bound_s(), "first try")
    except Mismatch as problem:
        hint = "start the server first, or let sockproof start it: sockproof check -- PROGRAM"
        told = f"nobody can be reached at {clientele.address.words}: {problem.actual}"
        raise HarnessError(told, hint) from None


def _language(first: Exchange) -> Language:
    octets = None if first.answer.to_end else first.answer.octets
    ends = first.half_closes or first.answer.may_be_nothing
    return Language(ANSWERS, first.request, octets or b"", ends)
