"""What handlers and hooks of a script are to tell, as far as a playing says it."""

from __future__ import annotations

import re

from sockproof.iut.case_log import Operation
from sockproof.repro.behaviour import Behaviour
from sockproof.repro.handler_code import READS
from sockproof.repro.notes import Notes
from sockproof.repro.telling import Told

__all__ = ["notes_for"]

_FORKS = re.compile(r"\bfork\(\)")


def notes_for(
    makes: list[Operation], operations: list[Operation], told: Told, behaviour: Behaviour
) -> Notes:
    """What is to be noted, as far as it is known before the statements are written."""
    specs = [one.arguments["spec"] for one in makes]
    is_about_more = behaviour.aspect in ("detail", "place")
    return Notes(
        forking=any("Forking" in spec["class"] + spec["mixin"] for spec in specs)
        or any(_FORKS.search(str(one.arguments["handler"]["source"])) for one in makes)
        or any(one.name == "program" for one in operations),
        is_stream=all("TCP" in spec["class"] or "Stream" in spec["class"] for spec in specs),
        is_unix=any("Unix" in spec["class"] for spec in specs),
        detail=behaviour.labels[0] if is_about_more else "",
        aspect=behaviour.aspect if is_about_more else "",
        failing={
            # of what is wrong one may raise
            *((*READS, behaviour.labels[0]) if behaviour.aspect == "detail" else ()),
            *(
                str(event.fields["do"])
                for event in told.log.events
                if event.name == "step" and "error" in event.fields
            ),
        },
        counted={
            one.arguments["name"]
            for one in operations
            if one.name == "open gate" and one.arguments["count"] < 100
        },
    )
