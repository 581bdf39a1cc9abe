"""Makes classes with TLS of the server and the handler under test. Runs inside the process under
test, where there is a module ssl with TLSVersion: Python 3.7 and later.

The methods are source text of the order, as people write them over socketserver's own.
"""

from __future__ import absolute_import

import os
import tempfile
import textwrap


def secured(told, server_class, handler_base):
    """Subclasses that speak TLS as ``told``; both as they are where nothing is.

    ``told`` has ``server`` and ``handler``, methods as source text, and ``context``: see
    :func:`server_context`.
    """
    if not told:
        return server_class, handler_base
    server = _with_methods(server_class, told["server"])
    server.context = server_context(**told["context"])
    return server, _with_methods(handler_base, told["handler"])


def _with_methods(base, source):
    scope = {"base": base}
    body = textwrap.indent(source.strip() or "pass", "    ")
    exec(compile("class Secured(base):\n%s\n" % body, "<tls source>", "exec"), scope)
    return scope["Secured"]


def server_context(pem, version, trusted=""):
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
    """Have a context use a key and its certificates, which it takes from a file, and from nothing
    else: it is gone when they are there."""
    handle, path = tempfile.mkstemp()
    try:
        os.write(handle, pem.encode("ascii"))
        context.load_cert_chain(path)
    finally:
        os.close(handle)
        os.unlink(path)
