"""Whether a failed constructor leaves a socket open, as source text for the case's process."""

from __future__ import annotations

__all__ = ["FREE_AGAIN"]

# Sockets alone: a runtime may open other descriptors of its own when it is first used. A green one
# may close a socket later in its hub, which runs while others wait.
FREE_AGAIN = """
import select, stat

def is_socket(number):
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:
        return False

def open_sockets():
    return set(filter(is_socket, range(256)))

open_before = open_sockets()

def is_free_again():
    for _ in range(200):
        if open_sockets() <= open_before:
            return True
        select.select([], [], [], 0.001)
    return False
"""
