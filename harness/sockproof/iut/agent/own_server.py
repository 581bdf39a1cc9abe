"""Makes of a user's server class a module that has it under the name of socketserver's class that
it stands for. Runs in the process under test; 2.7 and 3.x.

What else that module has is socketserver's own, as the class itself knows it. What the class, or
one that it derives from, sets otherwise than socketserver's is *overridden*; a name may be
*restored*: it is as in socketserver's class then, whatever is set in the class or on its objects.
"""

from __future__ import absolute_import

import inspect
import os
import socket
import sys
import types

KINDS = ("UnixDatagramServer", "UnixStreamServer", "UDPServer", "TCPServer")
MIXINS = ("ForkingMixIn", "ThreadingMixIn")
HANDLERS = ("BaseRequestHandler", "StreamRequestHandler", "DatagramRequestHandler")
# What every class has of its own, and what says nothing of how a server behaves.
NOT_TOLD = frozenset(
    "__module__ __doc__ __dict__ __weakref__ __slots__ __qualname__ __static_attributes__"
    " __firstlineno__ __annotations__ __abstractmethods__ __parameters__ __orig_bases__"
    " _abc_impl".split()
)
TEXT_OCTETS = 200


class NoServerClass(TypeError):
    """What was named is none that a scripted handler can be played on."""


class Construction(object):
    """What the constructor under test is called with."""

    arguments = ["{address}", "{handler}"]
    keywords = {}  # type: ignore[var-annotated]


class Restored(object):
    """An attribute that stays as it is, whatever is set on an object."""

    def __init__(self, value):
        self.value = value

    def __get__(self, instance, owner=None):
        return self.value

    def __set__(self, instance, value):
        pass


def view_of(module, order):
    """The module that stands for the class ``order["name"]`` of ``module``, and what is told of it.

    Raises:
        NoServerClass: it is not there, is no class of a server, or its address is of a family that
            we do not know.
    """
    own = _named(module, order["name"])
    Construction.arguments = order.get("arguments") or Construction.arguments
    Construction.keywords = order.get("keywords") or Construction.keywords
    if not inspect.isclass(own):
        raise NoServerClass(
            "%s is no class; 'sockproof check --server' takes what makes a server" % order["name"]
        )
    below = _socketserver_of(own, order["name"])
    name = _standing_for(own, below)
    documented = getattr(below, name)
    view = types.ModuleType(module.__name__)
    vars(view).update((n, v) for n, v in vars(below).items() if not n.startswith("__"))
    view.__file__ = getattr(module, "__file__", "")
    setattr(view, name, _restored(own, documented, order.get("restored", ())))
    return view, {
        "stands_for": name,
        "family": _family(own),
        "below": below.__name__,
        "names": [n for n in ("BaseServer",) + HANDLERS if hasattr(below, n)] + [name],
        "overridden": list(_overridden(own, documented, below)),
        "optional": _takes(own, "bind_and_activate"),
    }


def _named(module, name):
    found = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise NoServerClass("%s has no %r" % (found.__name__, part))
        found = getattr(found, part)
    return found


def _socketserver_of(own, name):
    """The module of the BaseServer that it derives from."""
    for one in own.__mro__:
        if one.__name__ == "BaseServer":
            return sys.modules[one.__module__]
    raise NoServerClass(
        "%s does not derive from socketserver's BaseServer: 'sockproof check' judges any server"
        % name
    )


def _standing_for(own, below):
    """``ThreadingTCPServer`` of a class that derives from TCPServer and from ThreadingMixIn."""

    def derives(name):
        one = getattr(below, name, None)
        return one is not None and issubclass(own, one)

    kind = next((one for one in KINDS if derives(one)), None)
    if kind is None:
        raise NoServerClass("%s derives from none of %s" % (own.__name__, ", ".join(KINDS)))
    mixin = next((one for one in MIXINS if derives(one)), "")
    name = mixin.replace("MixIn", "") + kind
    if not hasattr(below, name):  # there are no such Unix servers before Python 3.12
        mixed = type(str(name), (getattr(below, mixin), getattr(below, kind)), {})
        setattr(below, name, mixed)
    return name


def _family(own):
    families = (("inet", "AF_INET"), ("inet6", "AF_INET6"), ("path", "AF_UNIX"))
    for family, constant in families:
        if own.address_family == getattr(socket, constant, None):
            return family
    raise NoServerClass("%s has the address family %r" % (own.__name__, own.address_family))


def _restored(own, documented, names):
    if not names:
        return own
    found = {}
    for name in names:
        if not hasattr(documented, name):
            continue  # an attribute of another kind of server
        value = _static(documented, name)
        is_method = callable(value) or isinstance(value, (classmethod, staticmethod, property))
        found[str(name)] = value if is_method else Restored(value)
    return type(own.__name__, (own,), dict(found, __module__=own.__module__))


def _static(owner, name):
    """An attribute as its class has it: a function, and no method that is bound."""
    for one in owner.__mro__:
        if name in vars(one):
            return vars(one)[name]
    raise AttributeError(name)


def _overridden(own, documented, below):
    """What it has otherwise than the documented class, with where that is written."""
    seen = set(NOT_TOLD)
    for one in own.__mro__:
        if one.__module__ == below.__name__ or one is object:
            continue
        for name, value in sorted(vars(one).items()):
            if name in seen or not hasattr(documented, name):
                continue
            seen.add(name)
            yield dict(_told(name, value, documented), of=one.__name__)


def _told(name, value, documented):
    function = getattr(value, "__func__", value)
    code = getattr(function, "__code__", None)
    if code is None:
        base = _static(documented, name)
        return {"name": name, "value": _shown(value), "instead": _shown(base), "place": ""}
    place = "%s:%d" % (os.path.basename(code.co_filename), code.co_firstlineno)
    return {"name": name, "value": "", "instead": "", "place": place}


def _shown(value):
    return repr(value)[:TEXT_OCTETS]


def _takes(own, keyword):
    """Whether its constructor takes a keyword."""
    constructor = own.__init__
    try:
        if sys.version_info[0] == 2:
            told = inspect.getargspec(constructor)
            return keyword in told.args or told.keywords is not None
        parameters = inspect.signature(constructor).parameters.values()
    except (TypeError, ValueError):
        return True
    kinds = (inspect.Parameter.VAR_KEYWORD,)
    return any(one.name == keyword or one.kind in kinds for one in parameters)


def constructed(server_class, address, handler_class, keywords):
    """A server, made with the arguments that its definition names, or the usual two."""
    places = {"{address}": address, "{handler}": handler_class}

    def filled(value):
        return places.get(value, value) if isinstance(value, type("")) else value

    arguments = [filled(value) for value in Construction.arguments]
    named = dict((str(name), filled(value)) for name, value in Construction.keywords.items())
    return server_class(*arguments, **dict(named, **keywords))
