"""Loads the module under test, and says what it is. Runs in the process under test; 2.7 and 3.x."""

from __future__ import absolute_import

import importlib
import os
import socket
import sys

from . import events, own_server

# Version of what is spoken with the harness.
PROTOCOL = 2
# What is tested unless the harness says otherwise.
SERVERS = "socketserver"
# Of code that is called and then awaited: inspect.CO_COROUTINE.
COROUTINE = 0x80
# Of the names of classes that socketserver has.
ENDINGS = ("Server", "MixIn", "Handler")


def load_module(order):
    """Import the module under test: by name, or from the file ``order`` names."""
    path = order.get("module_path")
    if not path:
        own = order.get("own") or SERVERS
        if sys.version_info[0] == 2 and own == SERVERS:
            own = "SocketServer"
        return importlib.import_module(str(order["module"] or own))
    name = str(order["module"])
    if sys.version_info[0] == 2:
        import imp

        return imp.load_source(name, str(path))
    from importlib import util

    spec = util.spec_from_file_location(name, path)
    module = util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def hello(order):
    """Load what is to be tested, and say who we are."""
    for folder in order.get("search_path", ()):
        sys.path.insert(0, folder)
    if order.get("preload"):
        exec(compile(order["preload"], "<preload>", "exec"), {})
    module, of_server = load(order)
    said = {
        "protocol": PROTOCOL,
        "clock": events.clock(),
        "pid": os.getpid(),
        "version": list(sys.version_info[:3]),
        "implementation": getattr(getattr(sys, "implementation", None), "name", "")
        or ("pypy" if "__pypy__" in sys.builtin_module_names else "cpython"),
        "implementation_version": list(_implementation_version()[:3]),
        "full_version": sys.version.replace("\n", " "),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "os_file": os.__file__,
        "module_file": getattr(module, "__file__", ""),
        "names": of_server.get("names") or _names(module, order),
        "defines": bool(of_server) or _defines(module),
        "platform": sys.platform,
        "runtime": runtime(),
        "has_sockets": isinstance(getattr(module, "socket", None), type),
    }
    if (order.get("own") or SERVERS) != SERVERS:
        said["awaited"] = _awaited(module) + _awaited(getattr(module, "socket", None))
    if of_server:
        said["server"] = of_server
    return module, said


def _awaited(place):
    """Names of what is called there, and then awaited."""
    code = ((name, getattr(getattr(place, name, None), "__code__", None)) for name in dir(place))
    return sorted(name for name, of in code if getattr(of, "co_flags", 0) & COROUTINE)


def _names(module, order):
    """Of a module of server classes their names, of any other all that are public."""
    if (order.get("own") or SERVERS) == SERVERS:
        return sorted(name for name in dir(module) if name.endswith(ENDINGS))
    return sorted(name for name in dir(module) if not name.startswith("_"))


def _defines(module):
    """Whether one of those classes is the module's own, and not just imported there."""
    own = getattr(module, "__name__", "")
    found = (getattr(module, name) for name in dir(module) if name.endswith(ENDINGS))
    return any(getattr(one, "__module__", "") == own for one in found)


def load(order):
    """The module under test, and what there is to say of the server class that it stands for."""
    module = load_module(order)
    return own_server.view_of(module, order["server"]) if order.get("server") else (module, {})


def runtime():
    """The package whose sockets stand in for the interpreter's own, such as ``gevent``; or none."""
    package = str(socket.socket.__module__).split(".")[0]
    return "" if package in ("socket", "_socket") else package


def _implementation_version():
    """PyPy has a version of its own beside that of the language."""
    own = getattr(getattr(sys, "implementation", None), "version", None)
    return own or getattr(sys, "pypy_version_info", sys.version_info)
