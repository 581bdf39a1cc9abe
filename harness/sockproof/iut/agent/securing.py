"""Makes classes with TLS of the server and the handler under test. Runs inside the process under
test, where there is a module ssl with TLSVersion: Python 3.7 and later.

The methods are source text of the order, as people write them over socketserver's own.
"""

from __future__ import absolute_import

import contextlib
import importlib
import os
import tempfile
import textwrap


def secured(told, server_class, handler_base):
    """Subclasses that speak TLS as ``told``; both as they are where nothing is.

    ``told`` has ``server`` and ``handler``, methods as source text; ``context``: see
    :func:`server_context`; and maybe ``body``, statements about that, with ``texts``, which the
    source text has by these names, and ``base``, a class besides the server's own.
    """
    if not told:
        return server_class, handler_base
    context = server_context(**told["context"])
    scope = _scope(context, told.get("texts", {}))
    exec(compile(told.get("body", ""), "<tls source>", "exec"), scope)
    server = _with_methods(_based(told.get("base"), server_class), told["server"], scope)
    server.context = context
    return server, _with_methods(handler_base, told["handler"], scope)


def _scope(context, texts):
    """What the source text knows."""
    import ssl

    known = {"ssl": ssl, "context": context, "server_context": server_context}
    return dict(known, load_chain=load_chain, pem_file=pem_file, **texts)


def _based(name, server_class):
    """The class, or one that is also another, which is told by its module and its name."""
    if not name:
        return server_class
    module, _, own = name.rpartition(".")
    return type("Based", (getattr(importlib.import_module(module), own), server_class), {})


def _with_methods(base, source, known):
    scope = dict(known, base=base)
    body = textwrap.indent(source.strip() or "pass", "    ")
    exec(compile("class Secured(base):\n%s\n" % body, "<tls source>", "exec"), scope)
    return scope["Secured"]


def server_context(pem, version="", trusted=""):
    """The context of a server: ``pem`` is its key and certificates, ``version`` the only one that
    it speaks, or empty; ``trusted``, if not empty, who makes the certificates that clients need."""
    import ssl  # nobody pays for it who has no TLS

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if version:
        context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    if trusted:
        context.load_verify_locations(cadata=trusted)
        context.verify_mode = ssl.CERT_REQUIRED
    load_chain(context, pem)
    return context


def load_chain(context, pem):
    """Have a context use a key and its certificates."""
    with pem_file(pem) as path:
        context.load_cert_chain(path)


@contextlib.contextmanager
def pem_file(pem):
    """The path of a file that has this text, for ssl takes it from nothing else; it is gone
    afterwards."""
    handle, path = tempfile.mkstemp()
    try:
        os.write(handle, pem.encode("ascii"))
        yield path
    finally:
        os.close(handle)
        os.unlink(path)
