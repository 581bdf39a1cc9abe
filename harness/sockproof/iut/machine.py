"""The trials of features; and what this machine has, whatever an implementation says."""

from __future__ import annotations

import functools
import os
import socket
import sys
from collections.abc import Mapping

from sockproof.iut.process import CaseProcess

__all__ = ["TRIALS", "features_of", "machine_features"]

# Each is tried: source that raises OSError or AttributeError if it is not there. Linux refuses
# SO_REUSEPORT on Unix sockets since 6.12.9 (gh-128916).
TRIALS = {
    "fork": "os.fork",
    "AF_UNIX": "socket.AF_UNIX",
    "SO_REUSEPORT": "socket.SO_REUSEPORT",
    "abstract": """
if not sys.platform.startswith("linux"):
    raise OSError("only Linux has abstract names")
socket.AF_UNIX
""",
    "IPv6": """
probe = socket.socket(socket.AF_INET6)
probe.bind(("::1", 0))  # socket.has_ipv6 is true even where IPv6 is switched off
probe.close()
""",
    "TLS": """
try:
    from ssl import SSLContext, TLSVersion
except ImportError:
    raise OSError("no module ssl, or one from before Python 3.7")
""",
    "unix_reuse_port": """
probe = socket.socket(socket.AF_UNIX)
try:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
finally:
    probe.close()
""",
}


def features_of(process: CaseProcess) -> dict[str, bool]:
    """What an implementation has, tried in the process of a case."""
    features = {}
    for name, source in TRIALS.items():
        error = process.do("execute", source=source).error
        features[name] = error is None or not error.is_a("OSError", "error", "AttributeError")
    return features


@functools.cache
def machine_features() -> Mapping[str, bool]:
    """What of the features this machine has. What an implementation lacks and the machine has not
    is no fault of the implementation's."""
    return {name: _is_there(source) for name, source in TRIALS.items()}


def _is_there(source: str) -> bool:
    try:
        exec(source, {"os": os, "socket": socket, "sys": sys})  # a text of ours
    except (OSError, AttributeError):
        return False
    return True
