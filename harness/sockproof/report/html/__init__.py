"""The report page: one file that works offline, made of records alone."""

from __future__ import annotations

from sockproof.report.html.page import write_html

__all__ = ["write_html"]
