"""Values on the control channel: from the harness to a real agent and back, unchanged."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sockproof.iut.channel import Channel
from sockproof.iut.process import CaseProcess
from sockproof.iut.values import Fill, Opaque, decode, encode, fill, octets

AGENT_EVENTS = "__import__('_sockproof_agent.events').events"
THERE_AND_BACK = AGENT_EVENTS + ".decode(__import__('json').loads({text!r}))"

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False)
    | TEXT
    | st.binary(max_size=60)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(TEXT.filter(lambda key: not key.startswith("$")), inner, max_size=4)
    ),
    max_leaves=10,
)


def as_python_2_tells(value: Any) -> Any:
    """Octets and text are one type there, and come back as text."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, list | tuple):
        return type(value)(as_python_2_tells(item) for item in value)
    if isinstance(value, dict):
        return {key: as_python_2_tells(item) for key, item in value.items()}
    return value


def told_types(value: Any) -> Any:
    """The types in a value, which equality does not tell: 1, 1.0 and True are equal."""
    if isinstance(value, list | tuple):
        return [type(value), *(told_types(item) for item in value)]
    if isinstance(value, dict):
        return {key: told_types(item) for key, item in value.items()}
    return type(value)


@given(VALUES)
def test_encoding_is_plain_json_that_decodes_to_the_same(value: Any) -> None:
    """Whatever may be sent survives JSON, types included."""
    back = decode(json.loads(json.dumps(encode(value))))

    assert back == value
    assert told_types(back) == told_types(value)


@pytest.mark.by_turns(3)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(value=VALUES)
def test_a_value_comes_back_from_the_agent(
    channel: Channel, case_process: CaseProcess, value: Any
) -> None:
    """The agent decodes what the harness encodes, and the other way round."""
    text = json.dumps(encode(value))

    outcome = case_process.do("evaluate", expression=THERE_AND_BACK.format(text=text))

    assert outcome.error is None, outcome.error
    is_python_2 = channel.hello["version"][0] == 2
    expected = as_python_2_tells(value) if is_python_2 else value
    assert outcome.value == expected
    assert told_types(outcome.value) == told_types(expected)


@pytest.mark.by_turns(6)
@pytest.mark.parametrize(
    ("expression", "type_name"),
    [("sys", "module"), ("Ellipsis", "ellipsis"), ("1j", "complex")],
)
def test_what_is_no_plain_data_comes_as_its_repr(
    case_process: CaseProcess, expression: str, type_name: str
) -> None:
    """An object is told by its type's name and its repr."""
    value = case_process.do("evaluate", expression=expression).value

    assert isinstance(value, Opaque)
    assert value.type_name == type_name
    assert value.text == case_process.do("evaluate", expression=f"repr({expression})").value


def test_a_set_comes_as_a_list(case_process: CaseProcess) -> None:
    """Sets and frozensets are told by their members."""
    value = case_process.do("evaluate", expression="[set([1]), frozenset([2])]").value

    assert value == [[1], [2]]


def test_what_cannot_be_sent_is_refused() -> None:
    """An object of ours has no meaning to the agent."""
    with pytest.raises(TypeError, match="complex cannot be sent to the agent"):
        encode({"value": [1j]})


@pytest.mark.by_turns(8)
@pytest.mark.parametrize("length_octets", [0, 1, 63, 64, 65, 100_000])
@pytest.mark.parametrize("seed", [0, 17])
def test_both_sides_fill_alike(case_process: CaseProcess, length_octets: int, seed: int) -> None:
    """A payload sent as its recipe is, octet by octet, what the harness compares with."""
    decoded = THERE_AND_BACK.format(text=json.dumps(encode(Fill(length_octets, seed))))
    expression = f"__import__('hashlib').sha256({decoded}).hexdigest()"

    digest = case_process.do("evaluate", expression=expression).value

    payload = bytes(Fill(length_octets, seed))
    assert len(payload) == length_octets
    assert digest == hashlib.sha256(payload).hexdigest()


@pytest.mark.parametrize("length_octets", [0, 1, 256, 257, 5000])
def test_both_sides_describe_octets_alike(case_process: CaseProcess, length_octets: int) -> None:
    """Length, excerpt and digest of a payload are the same in events and in the transcript."""
    payload = fill(length_octets, 3)
    expression = f"{AGENT_EVENTS}.octets({payload!r})"

    assert case_process.do("evaluate", expression=expression).value == octets(payload)


def test_no_two_lines_of_a_filled_payload_are_alike() -> None:
    """A line that is lost, repeated or exchanged shows; so does another payload's line."""
    lines = fill(64 * 1000, 1).splitlines() + fill(64 * 1000, 2).splitlines()

    assert len(set(lines)) == 2000
    assert {len(line) for line in lines} == {63}
