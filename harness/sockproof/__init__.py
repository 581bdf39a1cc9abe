"""sockproof: conformance suite and protocol test harness for Python's socketserver."""

from __future__ import annotations

__version__ = "0.1.0"
