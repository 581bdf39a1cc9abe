"""The record of a run, a file of JSON lines: made, read, merged, cut down; no rendering of it."""
