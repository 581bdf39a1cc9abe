"""Ports that an ordinary user cannot have."""

from __future__ import annotations

from fixtures import Construct, Observe, ServerSpec, Unprivileged, requirement

# Below what any system that keeps ports at all leaves to ordinary users.
PRIVILEGED_PORT = 1


@requirement("binding/privileged-port")
def test_privileged_port_is_refused(
    construct: Construct, spec: ServerSpec, unprivileged: Unprivileged, observe: Observe
) -> None:
    """An ordinary user's server cannot have a port that is kept for privileged ones."""
    address = (construct.new_address()[0], PRIVILEGED_PORT)

    with unprivileged.refused_by_the_kernel(address, spec):
        error = construct.refused(address=address)

    observe("exception", error.type_name)
    error.expect_errno("EACCES")
