"""Walks through the table of calls, which Hypothesis draws: in any order, as the model says."""

from __future__ import annotations

from fixtures import Capable, requirement
from fixtures.generated import Generated
from suites.socket.scenes import needs

_KINDS = ("stream inet", "stream inet6", "stream path", "datagram inet", "datagram path")


@requirement("socket/walks-go-as-modelled", variants={kind: kind for kind in _KINDS})
def test_walk_of_a_socket_goes_as_modelled(
    generated: Generated, capable: Capable, variant: str
) -> None:
    """A socket is made, bound, connected, used, closed and made anew, beside a peer."""
    needs(capable, variant.partition(" ")[2])

    generated.walks(variant)
