"""The end of a case's process, as its row has it."""

from __future__ import annotations

from sockproof.iut.process import CaseProcess
from sockproof.judge.checks import Hang, Mismatch
from sockproof.judge.verdict import TeardownVerdict
from sockproof.record.rows import Teardown

__all__ = ["stopped"]


def stopped(process: CaseProcess) -> Teardown:
    """Stop the servers of a case, close its sockets, and say what is left."""
    try:
        leaks = process.stop().leaks
    except Hang as hang:
        text = f"stopping the servers: {hang.actual}"
        return Teardown(TeardownVerdict.STILL_RUNNING, (text, *hang.stacks.splitlines()[:40]))
    except Mismatch as error:
        return Teardown(TeardownVerdict.STILL_RUNNING, (error.actual,))
    return Teardown(TeardownVerdict.LEAKED if leaks else TeardownVerdict.CLEAN, leaks)
