"""What the record of a check says before its first case."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from sockproof import __version__
from sockproof.check.listener import Listener
from sockproof.check.scene import Manners

__all__ = ["check_header"]


def check_header(
    subject: Listener, manners: Manners, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The header line of a subject's record; ``settings`` are the options of the check."""
    return {
        "suite_version": __version__,
        "started": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "implementation": {
            "id": subject.id,
            "given": subject.given,
            "name": subject.kind,
        },
        "subject": subject.to_json(),
        "platform": {
            "system": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
        },
        "settings": {**settings, "patience_s": manners.patience_s, "clients": manners.clients},
    }
