"""__all__, and what the module says of itself: ancestors and definitions are recorded."""

from __future__ import annotations

from fixtures import CaseProcess, Observe, check, requirement
from suites.names.looking import ATTRIBUTES, METHODS, exported_names, lines_of, value_of

_OWN_PUBLIC_NAMES = (
    "[n for n in dir(socketserver) if n[0] != '_'"
    " and getattr(getattr(socketserver, n), '__module__', None) == socketserver.__name__]"
)
_ANCESTORS = "[cls.__name__ for cls in inspect.getmro(classes[{0!r}])]"
_DEFINITIONS = "sorted(n for n in vars(classes[{0!r}]) if n[0] != '_')"


@requirement("names/exported-names-exist")
def test_exported_names_are_there(process: CaseProcess) -> None:
    """Whoever imports all names of the module gets each of them."""
    exported = exported_names(process)
    missing = value_of(process, "[n for n in socketserver.__all__ if not hasattr(socketserver, n)]")

    check(not missing, expected="every name of __all__ in the module", actual=f"no {missing}")
    twice = sorted(name for name in set(exported) if exported.count(name) > 1)
    check(not twice, expected="every name in __all__ once", actual=f"{twice} more than once")


@requirement("names/nothing-public-is-left-out")
def test_no_public_name_is_left_out(process: CaseProcess) -> None:
    """What the module defines without a leading underscore is in __all__."""
    exported = exported_names(process)

    left_out = sorted(set(value_of(process, _OWN_PUBLIC_NAMES)) - set(exported))

    check(not left_out, expected="every public name in __all__", actual=f"{left_out} left out")


@requirement("names/exports-are-recorded")
def test_exports_are_recorded(process: CaseProcess, observe: Observe) -> None:
    """The names in __all__ in the order of the alphabet, and the version of the module."""
    observe("__all__", value_of(process, "sorted(getattr(socketserver, '__all__', []))"))
    observe("__version__", value_of(process, "getattr(socketserver, '__version__', 'none')"))


@requirement("names/ancestors-are-recorded")
def test_ancestors_are_recorded(process: CaseProcess, observe: Observe) -> None:
    """The order of ancestors of each class, and what kind of class they are (Python 2 has two)."""
    for name in sorted(lines_of(process)):
        observe(name, value_of(process, _ANCESTORS.format(name)))
    observe("kind of class", value_of(process, "type(classes['TCPServer']).__name__"))


@requirement("names/definitions-are-recorded")
def test_definitions_are_recorded(process: CaseProcess, observe: Observe) -> None:
    """What each class defines itself, and what BaseServer leaves to those that derive from it."""
    for name in sorted(lines_of(process)):
        observe(name, value_of(process, _DEFINITIONS.format(name)))
    documented = (*METHODS, *ATTRIBUTES)
    lacking = f"[n for n in {documented!r} if not hasattr(classes['BaseServer'], n)]"
    observe("documented ones that BaseServer lacks", value_of(process, lacking))
