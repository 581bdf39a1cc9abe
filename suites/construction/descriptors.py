"""Whether a failed constructor leaves a descriptor open, as source text for the case's process."""

from __future__ import annotations

__all__ = ["FREE_AGAIN"]

# The lowest free descriptor is the one that a new socket takes. A green runtime may close one later
# in its hub, which runs while others wait.
FREE_AGAIN = """
import select

def lowest_free_descriptor():
    number = os.dup(1)
    os.close(number)
    return number

free_before = lowest_free_descriptor()

def is_free_again():
    for _ in range(200):
        if lowest_free_descriptor() == free_before:
            return True
        select.select([], [], [], 0.001)
    return False
"""
