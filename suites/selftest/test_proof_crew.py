"""The workers of a proof: what goes wrong in one of them is told, and nobody waits for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockproof.errors import HarnessError
from sockproof.mutation.crew import Crew
from sockproof.mutation.jobs import Job


def test_fault_of_a_worker_is_raised(tmp_path: Path) -> None:
    """A worker that cannot even be started, for its function cannot be sent to a process: one line
    says so, with the words of whichever Python it is."""
    with (
        Crew(lambda _path, _connection: None, tmp_path, 1) as crew,
        pytest.raises(HarnessError, match=r"^a worker cannot be started: .+") as raised,
    ):
        list(crew.play([Job("mutant", "mutant.py")]))

    assert len(str(raised.value).splitlines()) == 1
    assert isinstance(raised.value.__cause__, Exception)
