"""Generated lives of servers: every legal order of the calls that a server's owner makes."""

from __future__ import annotations

from fixtures import requirement
from fixtures.generated import Generated


@requirement("generated/any-legal-call-order")
def test_life_goes_as_called(generated: Generated) -> None:
    """Construct, bind, activate, serve, shut down, close and open again, with clients meanwhile."""
    generated.lives()
