"""The record of a run: one file of JSON lines per implementation, written as results come.

First line header, then the requirements selected, then a line per case, last a footer. A file
without its footer is an incomplete run. ``schema/record.schema.json`` is the published form.
"""

from __future__ import annotations

from sockproof.report.evidence import Octets, TranscriptEvent
from sockproof.report.reader import ImplementationInfo, Record, read_record
from sockproof.report.rows import CaseRow, FooterRow, Known, RequirementRow, Teardown
from sockproof.report.validate import record_schema, validate_record
from sockproof.report.writer import SCHEMA, RecordWriter

__all__ = [
    "SCHEMA",
    "CaseRow",
    "FooterRow",
    "ImplementationInfo",
    "Known",
    "Octets",
    "Record",
    "RecordWriter",
    "RequirementRow",
    "Teardown",
    "TranscriptEvent",
    "read_record",
    "record_schema",
    "validate_record",
]
