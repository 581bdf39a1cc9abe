"""Holds what the suite sees of mutants against what CPython's own tests see of the same ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from sockproof.mutation.cpython_tests import CpythonTests, usable_tests
from sockproof.mutation.kill_matrix import KillMatrix
from sockproof.mutation.subjects import write_module
from sockproof.run.plan import RunPlan, planned

__all__ = ["compared"]


_Matrix = TypeVar("_Matrix", bound=KillMatrix)


def compared(
    matrix: _Matrix,
    source: str,
    every: int,
    workers: int,
    progress: Callable[[int, int], None],
) -> _Matrix:
    """With what CPython's own tests say of every n-th of the same mutants."""
    module = matrix.module
    results = matrix.proof.results
    file = f"{module}.py"
    with planned(RunPlan((matrix.iut,))) as plan_path:
        folder = plan_path.parent / "c"
        untouched = write_module(folder, "untouched", source, file).parent
        tests, reason = usable_tests(CpythonTests(matrix.iut.implementation, module), untouched)
        if reason:
            return dataclasses.replace(matrix, cpython_not=reason)
        places = {
            one.subject.id: write_module(folder, one.subject.id, one.subject.text, file).parent
            for one in results[::every]
        }
        words = tests.judge(list(places.values()), workers, progress)
    judged = [
        dataclasses.replace(one, cpython=words[places[one.subject.id]])
        if one.subject.id in places
        else one
        for one in results
    ]
    proof = dataclasses.replace(matrix.proof, results=tuple(judged))
    return dataclasses.replace(matrix, proof=proof, cpython_asked=True)
