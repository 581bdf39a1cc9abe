"""Chooses the network in which a program is checked: one of its own, unless the system does not
allow that, or the program needs whom its machine has."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sockproof.check.first_words import FirstWords
from sockproof.check.language import Language
from sockproof.check.listener import HOST, OWN, Listener
from sockproof.check.network_trial import NeedsOthers, tried
from sockproof.check.own_network import OwnNetworkRefused, allow_networks
from sockproof.errors import UsageError

__all__ = ["Settled", "settled"]


@dataclass(frozen=True)
class Settled:
    """A subject that knows where it lives, and what it speaks, where that was seen on the way;
    ``remark`` is what its user is told of it, or empty."""

    subject: Listener
    language: Language | None = None
    remark: str = ""


def settled(subject: Listener, asked: str, words: FirstWords) -> Settled:
    """Where the subject is checked: as ``asked``, else in a network of its own where the system
    lets us, and a program does without others.

    Raises:
        UsageError: what is asked for cannot be. HarnessError: the program does not start, or is not
            as is said.
    """
    if not subject.argv:
        if asked:
            raise UsageError("--network is for programs", "give a program after --")
        return Settled(subject)
    if asked == HOST:
        return _on_the_machine(subject, "as asked for")
    try:
        return _apart(subject, words, must=asked == OWN)
    except OwnNetworkRefused as error:
        why = f"this system does not allow {error}"
        if asked == OWN:
            raise UsageError(f"--network own: {why}", "leave it out") from None
        return _on_the_machine(subject, why)
    except NeedsOthers as seen:
        found = _on_the_machine(subject, str(seen))
        remark = f"checked in this machine's network: {seen}; --network says which"
        return dataclasses.replace(found, remark=remark)


def _apart(subject: Listener, words: FirstWords, *, must: bool) -> Settled:
    """In a network of its own."""
    if subject.address.named_by_user:
        raise OwnNetworkRefused(f"{subject.address.at[0]} elsewhere")
    apart = dataclasses.replace(subject, network=OWN)
    language = tried(apart, words, must=must)
    allow_networks()
    return Settled(apart, language)


def _on_the_machine(subject: Listener, why: str) -> Settled:
    return Settled(dataclasses.replace(subject, network=HOST, network_reason=why))
