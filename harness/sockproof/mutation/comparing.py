"""Holds what the suite sees of mutants against what CPython's own tests see of the same ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from sockproof.iut.implementation import Implementation
from sockproof.mutation.cpython_tests import judge_by_cpython, why_not
from sockproof.mutation.kill_matrix import KillMatrix
from sockproof.mutation.subjects import write_module
from sockproof.run.plan import RunPlan, planned

__all__ = ["compared"]


def compared(
    matrix: KillMatrix, source: str, workers: int, progress: Callable[[int, int], None]
) -> KillMatrix:
    """With what CPython's own tests say of the same mutants."""
    implementation: Implementation = matrix.iut.implementation
    results = matrix.proof.results
    with planned(RunPlan((matrix.iut,))) as plan_path:
        folder = plan_path.parent / "c"
        untouched = write_module(folder, "untouched", source).parent
        reason, bound_s = why_not(implementation, untouched)
        if reason:
            return dataclasses.replace(matrix, cpython_not=reason)
        places = [write_module(folder, one.subject.id, one.subject.text).parent for one in results]
        words = judge_by_cpython(implementation, places, bound_s, workers, progress)
    judged = [
        dataclasses.replace(result, cpython=words[place])
        for result, place in zip(results, places, strict=True)
    ]
    proof = dataclasses.replace(matrix.proof, results=tuple(judged))
    return dataclasses.replace(matrix, proof=proof, cpython_asked=True)
