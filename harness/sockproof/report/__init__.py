"""Renderings of records: reports, comparisons, atlas; nothing that is not in a record is shown."""
