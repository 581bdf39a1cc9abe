"""Servers that many people run, known by a name: how each is made, and what it answers."""
