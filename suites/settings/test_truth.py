"""Settings that are true or false, whatever object says so."""

from __future__ import annotations

from fixtures import Construct, requirement, same

TRUTHS = {
    "one": (1, True),
    "text": ("yes", True),
    "list": ([0], True),
    "zero": (0, False),
    "empty-text": ("", False),
    "none": (None, False),
}


@requirement("settings/any-true-value", variants=TRUTHS)
def test_any_true_value(construct: Construct, variant: tuple[object, bool]) -> None:
    """allow_reuse_address counts as Python has it: 1 is true, and None is not."""
    value, is_true = variant

    server = construct(attributes={"allow_reuse_address": value})

    option = "server.socket.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) != 0"
    same(is_true, server.evaluate(option), f"SO_REUSEADDR with {value!r}")
