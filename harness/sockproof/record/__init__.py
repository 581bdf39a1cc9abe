"""The record of a run: its rows, how they are written, read, merged and cut down."""
