"""Titles of requirements: short, plain English, and begun by what is promised or recorded.

A title stands alone in lists and reports, where neither its case nor its area explains it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from sockproof.spec.catalogue import load_catalogue, load_checked
from sockproof.spec.levels import Level
from sockproof.spec.requirement import Requirement

TITLE_MAX = 110

# How a title of level OBSERVED begins: it promises nothing.
RECORDS = re.compile(r"Records (whether|what|how|which) ")

# What begins with one of these keeps the reader from what is promised.
CIRCUMSTANCES = re.compile(
    r"(After|Although|At|Because|Before|During|For|Having|If|In|Neither|Of|On|Once|Since|Though"
    r"|Under|Unless|Until|What|Whatever|When|Where|Whether|While|With|Without) "
)

# Patterns of what no title says, archaic or a second word for one thing; and what it says.
AVOIDED: Mapping[str, str] = {
    r"(is|are) no(?! longer)": "is not a ...",
    r"(raises?|calls?|causes?) (no|nothing)": "does not raise ...",
    r"such as are": "which are",
    r"[Ww]hoever": "the client",
    r"([Nn]o|[Ss]ome)body": "no client, another process",
    r"(is|are) told": "is given, gets, sees",
    r"of (its|their|one's|the module's) own": "its own ...",
    r"as (often|long) as (it|one) (may|likes)": "repeatedly",
    r"better than": "more than",
    r"minds|heeds": "uses, honours",
    r"what (be)?comes of": "what happens to",
    r"unless a subclass says otherwise": "by default",
    r"takes the place of": "replaces",
    r"has \w+\(\) called": "... is called",
    r"(is|are) recorded": "Records ...",
    r"all the same": "even if",
    r"truth value|fraction": "bool, float",
    r"mixin": "mix-in",
    r"folder": "directory",
    r"for ever": "forever",
}

Rule = Callable[[Requirement], str]


def too_long(requirement: Requirement) -> str:
    excess = len(requirement.title) - TITLE_MAX
    return f"{TITLE_MAX} characters are allowed, {excess} too many" if excess > 0 else ""


def wrong_beginning(requirement: Requirement) -> str:
    title = requirement.title
    if requirement.level is Level.OBSERVED:
        return "" if RECORDS.match(title) else "does not begin with 'Records whether' or the like"
    if title.startswith("Records "):
        return "begins with 'Records', but its level is not OBSERVED"
    found = CIRCUMSTANCES.match(title)
    return f"begins with {found[1]!r}, not with what is promised" if found else ""


def several_sentences(requirement: Requirement) -> str:
    return "is more than one sentence" if re.search(r"[.!?]\s", requirement.title) else ""


def avoided(requirement: Requirement) -> str:
    for pattern, better in AVOIDED.items():
        found = says(pattern, requirement.title)
        if found:
            return f"says {found[0]!r}; better: {better}"
    return ""


def says(pattern: str, title: str) -> re.Match[str] | None:
    """Whether a title has the words of a pattern, whole."""
    return re.search(rf"\b({pattern})(?!\w)", title)


RULES: tuple[Rule, ...] = (too_long, wrong_beginning, several_sentences, avoided)

MUST, OBSERVED = Level.MUST, Level.OBSERVED

# Bad titles: the rule, what it must say, the level, the title.
BAD: list[tuple[Rule, str, Level, str]] = [
    (too_long, "1 too many", MUST, "serve() " + "x" * (TITLE_MAX - 8) + "."),
    (wrong_beginning, "'Records whether'", OBSERVED, "What serve() raises is written down."),
    (wrong_beginning, "'Records whether'", OBSERVED, "Records the number of zombies."),
    (wrong_beginning, "'Records whether'", OBSERVED, "serve() raises what it gets."),
    (wrong_beginning, "level is not OBSERVED", MUST, "Records whether serve() returns."),
    (wrong_beginning, "'When'", MUST, "When setup() raises, finish() is not called."),
    (wrong_beginning, "'Without'", Level.SHOULD, "Without a timeout serve() waits."),
    (wrong_beginning, "'Of'", Level.MAY, "Of two clients one is served."),
    (several_sentences, "more than one", MUST, "serve() returns. It raises ValueError."),
    (avoided, "'is no'", MUST, "A port that is no number is refused."),
    (avoided, "'raises no'", MUST, "shutdown() raises no OSError."),
    (avoided, "'such as are'", MUST, "A name may hold octets, such as are not text."),
    (avoided, "'Whoever'", MUST, "Whoever connects is served."),
    (avoided, "'nobody'", MUST, "serve() returns if nobody is there."),
    (avoided, "'is told'", OBSERVED, "Records what the client is told."),
    (avoided, "'of its own'", MUST, "Every request has a thread of its own."),
    (avoided, "'as long as it may'", MUST, "serve() waits as long as it may."),
    (avoided, "'better than'", MUST, "One better than the queue is kept out."),
    (avoided, "'minds'", MUST, "serve() minds the socket's timeout."),
    (avoided, "'what becomes of'", OBSERVED, "Records what becomes of the reply."),
    (avoided, "'unless a subclass", MUST, "size is 5 unless a subclass says otherwise."),
    (avoided, "'takes the place of'", MUST, "close() takes the place of the default one."),
    (avoided, "'has serve() called'", MUST, "An exit has serve() called."),
    (avoided, "'is recorded'", OBSERVED, "Records how the loop ends, which is recorded."),
    (avoided, "'all the same'", MUST, "finish() is called all the same."),
    (avoided, "'fraction'", MUST, "The port may be a fraction."),
    (avoided, "'mixin'", MUST, "A server without a mixin serves."),
    (avoided, "'folder'", MUST, "A path in a folder is refused."),
    (avoided, "'for ever'", MUST, "shutdown() waits for ever."),
]

GOOD: list[tuple[Level, str]] = [
    (MUST, "serve_forever() serves until shutdown() is called."),
    (MUST, "handle() returns at most " + "x" * 84 + "."),
    (OBSERVED, "Records what a client gets when its handler raises."),
    (MUST, "timeout is None by default, and a client that is no longer there does no harm."),
    (OBSERVED, "Records which methods run in the child."),
]


def requirement_of(level: Level, title: str) -> Requirement:
    source = "https://example.org/page#first"
    return Requirement(id="waits/first", title=title, level=level, source=source)


def test_every_title_keeps_the_rules() -> None:
    """All findings are told at once, each by its id."""
    found = [
        f"{requirement.id}: {problem}: {requirement.title}"
        for requirement in (*load_catalogue().values(), *load_checked().values())
        for problem in filter(None, (rule(requirement) for rule in RULES))
    ]

    assert found == []


@pytest.mark.parametrize(("rule", "problem", "level", "title"), BAD)
def test_a_rule_finds_fault_with_a_bad_title(
    rule: Rule, problem: str, level: Level, title: str
) -> None:
    """Each rule says what is wrong with it, in words that point to the place."""
    assert problem in rule(requirement_of(level, title))


@pytest.mark.parametrize(("level", "title"), GOOD)
def test_a_good_title_has_no_fault(level: Level, title: str) -> None:
    """Titles of the longest allowed length pass, and those that begin as their level asks."""
    assert len(title) <= TITLE_MAX
    assert not any(rule(requirement_of(level, title)) for rule in RULES)


@pytest.mark.parametrize("pattern", AVOIDED)
def test_every_avoided_pattern_has_a_bad_example(pattern: str) -> None:
    """A pattern that fits no example could be misspelt, and would let everything pass."""
    assert any(says(pattern, title) for rule, _, _, title in BAD if rule is avoided)
