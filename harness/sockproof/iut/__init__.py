"""The implementation under test: what it is, how it starts, what it can do, and talking to it."""
