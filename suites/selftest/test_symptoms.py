"""Symptoms of requirements: two or three short phrases, each of one requirement only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from sockproof.spec.catalogue import load_catalogue, load_checked
from sockproof.spec.levels import Level
from sockproof.spec.requirement import Requirement
from suites.selftest.reported_symptoms import REPORTED

LENGTH_MAX = 100
MOST = 3

Rule = Callable[[Requirement], str]


def wrong_number(requirement: Requirement) -> str:
    given = len(requirement.symptoms)
    return "" if 2 <= given <= MOST else f"has {given} symptoms, not 2 to {MOST}"


def too_long(requirement: Requirement) -> str:
    found = [one for one in requirement.symptoms if len(one) > LENGTH_MAX]
    return f"more than {LENGTH_MAX} characters: {found[0]}" if found else ""


def a_sentence(requirement: Requirement) -> str:
    found = [one for one in requirement.symptoms if one.endswith(".") or "\n" in one]
    return f"is a sentence, not a phrase: {found[0]}" if found else ""


def the_title_again(requirement: Requirement) -> str:
    title = requirement.title.rstrip(".")
    return f"says the title again: {title}" if title in requirement.symptoms else ""


RULES: tuple[Rule, ...] = (wrong_number, too_long, a_sentence, the_title_again)

# Bad symptoms: the rule, what it must say, the symptoms.
BAD: list[tuple[Rule, str, tuple[str, ...]]] = [
    (wrong_number, "has 1 symptoms", ("it hangs",)),
    (wrong_number, "has 4 symptoms", ("it hangs", "it spins", "it leaks", "it is gone")),
    (too_long, "more than 100", ("it hangs", "x" * (LENGTH_MAX + 1))),
    (a_sentence, "not a phrase: It hangs.", ("it spins", "It hangs.")),
    (a_sentence, "not a phrase", ("it hangs", "it\nspins")),
    (the_title_again, "again: The first waits", ("it hangs", "The first waits")),
]


def requirement_with(symptoms: tuple[str, ...]) -> Requirement:
    source = "https://example.org/page#first"
    return Requirement("waits/first", "The first waits.", Level.MUST, source, symptoms=symptoms)


def all_requirements() -> list[Requirement]:
    return [*load_catalogue().values(), *load_checked().values()]


def all_symptoms() -> list[str]:
    return [one.casefold() for r in all_requirements() for one in r.symptoms]


def twice(symptoms: list[str]) -> list[str]:
    return [one for one, count in Counter(symptoms).items() if count > 1]


def test_every_symptom_keeps_the_rules() -> None:
    """All findings are told at once, each by its id."""
    found = [
        f"{requirement.id}: {problem}"
        for requirement in all_requirements()
        for problem in filter(None, (rule(requirement) for rule in RULES))
    ]

    assert found == []


@pytest.mark.parametrize(("rule", "problem", "symptoms"), BAD)
def test_a_rule_finds_fault_with_bad_symptoms(
    rule: Rule, problem: str, symptoms: tuple[str, ...]
) -> None:
    """Each rule says what is wrong with them."""
    assert problem in rule(requirement_with(symptoms))


def test_good_symptoms_have_no_fault() -> None:
    """The longest, and as many as may be."""
    good = requirement_with(("x" * LENGTH_MAX, "OSError: [Errno 98]", "it hangs"))

    assert not any(rule(good) for rule in RULES)


def test_a_symptom_is_of_one_requirement() -> None:
    """What two of them have in common tells nobody which one it is."""
    assert twice(all_symptoms()) == []
    assert twice(["it hangs", "it spins", "it hangs"]) == ["it hangs"]


def test_reported_symptoms_are_not_copied() -> None:
    """A search that is asked what stands there proves nothing."""
    assert {asked.casefold() for asked in REPORTED} & set(all_symptoms()) == set()
