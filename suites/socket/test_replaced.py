"""What functions make of names that a program has replaced in the module, as its tests do.

They have no other way to a host without IPv6, without a name, or with several addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fixtures import Constant, ModuleUnderTest, Observe, requirement

_AN_ERROR = "tested.inet_aton('an OSError')"
# Takes the option of both families alone, and refuses it of streams.
_REFUSES = (
    "type('Refusing', (tested.socket,), {'setsockopt': lambda sock, level, option, value: "
    f"value or sock.type != tested.SOCK_STREAM or {_AN_ERROR}}})"
)
_OF_BOTH = {"family": Constant("AF_INET6"), "dualstack_ipv6": True}
_LITERAL = (("127.0.0.1", 1),)


@dataclass(frozen=True)
class Replaced:
    """A call, and what the program has replaced in the module before: a name, by what."""

    call: str
    name: str
    by: str
    given: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)


_REPLACED = {
    "getfqdn": Replaced(
        "getfqdn",
        "gethostbyaddr",
        "lambda host: ('short', ['other', 'full.name.invalid', 'last.name.invalid'], [])",
        ("127.0.0.1",),
    ),
    "has_dualstack_ipv6": Replaced("has_dualstack_ipv6", "has_ipv6", "False"),
    "no-sockets-of-ipv6": Replaced("has_dualstack_ipv6", "socket", f"lambda *told: {_AN_ERROR}"),
    "no-option-of-both": Replaced("has_dualstack_ipv6", "socket", _REFUSES),
    "create_server": Replaced(
        "create_server", "has_dualstack_ipv6", "lambda: False", (("::1", 0),), _OF_BOTH
    ),
    "create_server-of-ipv4": Replaced(
        "create_server",
        "has_dualstack_ipv6",
        "lambda: False",
        (("127.0.0.1", 0),),
        {"dualstack_ipv6": True},
    ),
    "create_connection": Replaced("create_connection", "getaddrinfo", "lambda *told: []", _LITERAL),
    "family-that-is-none": Replaced(
        "create_connection",
        "getaddrinfo",
        "lambda *told: [(250, 1, 0, '', ('127.0.0.1', 1))]",
        _LITERAL,
    ),
}


@requirement("socket/names-replaced-in-the-module", variants=_REPLACED)
def test_function_of_a_module_with_a_name_replaced(
    tested: ModuleUnderTest, variant: Replaced, observe: Observe
) -> None:
    """Each is told of what is there instead."""
    tested.value_of(f"setattr(tested, {variant.name!r}, {variant.by})")

    ended = tested.attempt(variant.call, *variant.given, **variant.named)

    told = "a socket" if variant.call.startswith("create") else ended.value
    observe(f"{variant.call}()", str(ended.error or told))


_ASKED = {"nothing": "", "a blank": " ", "any": "0.0.0.0", "any of IPv6": "::", "a name": " a\n"}
# By what gethostbyaddr() knows of a host: the source of what is there instead.
_KNOWN = {
    "full-name": "lambda host: (host + '.is.full', ['alias.of.it'], [])",
    "full-alias": "lambda host: ('short', [host, 'first.alias', 'last.alias'], [])",
    "short-names": "lambda host: ('short-of-' + host, ['alias'], [])",
    "nothing": "lambda host: tested.inet_aton('an OSError')",
}


@requirement("socket/full-names-of-replaced-hosts", variants=_KNOWN)
def test_full_name_of_hosts_that_are_replaced(
    tested: ModuleUnderTest, variant: str, observe: Observe
) -> None:
    """Of the host itself, however it is asked for, and of another."""
    tested.value_of("setattr(tested, 'gethostname', lambda: 'this-host')")
    tested.value_of(f"setattr(tested, 'gethostbyaddr', {variant})")

    for name, asked in _ASKED.items():
        ended = tested.attempt("getfqdn", asked)
        observe(name, str(ended.error or ended.value))
    ended = tested.attempt("getfqdn")
    observe("no argument", str(ended.error or ended.value))
