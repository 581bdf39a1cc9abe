"""One run: its plan, the pytest session that plays it, and who watches it."""
