"""Which server specs a module has classes for, as far as some are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sockproof.errors import IutUnavailable
from sockproof.spec.matrix import ALL_SPECS, MIXINS, ServerSpec

__all__ = ["usable_specs"]


def usable_specs(
    given: str, missing: Callable[[ServerSpec], str], specs: Sequence[ServerSpec]
) -> list[ServerSpec]:
    """What the module has classes for of the kinds and families of these, the plain ones first;
    else the first of all that it has classes for. ``missing`` says why one cannot be had.

    Raises:
        IutUnavailable: it has none at all.
    """
    usable = [spec for spec in ALL_SPECS if not missing(spec)]
    wanted = {(spec.kind, spec.family) for spec in specs}
    asked = [spec for spec in usable if (spec.kind, spec.family) in wanted]
    if asked:
        return sorted(asked, key=lambda spec: MIXINS.index(spec.mixin))
    if not usable:
        raise IutUnavailable(
            f"{given}: the module has none of socketserver's classes",
            "map its names in a TOML file: [classes] TCPServer = 'MyServer'",
        )
    return usable[:1]
