"""Fixtures for the test suite of whoever has a server; pytest finds them by their entry point."""
