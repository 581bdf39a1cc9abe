"""An XML-RPC server that adds and says what it can (runs in the server's own interpreter)."""

from typing import Any
from xmlrpc.server import SimpleXMLRPCServer


def add(one: Any, other: Any) -> Any:
    return one + other


def xmlrpc_server(host: str, port: int) -> SimpleXMLRPCServer:
    server = SimpleXMLRPCServer((host, port))
    server.register_function(add)
    server.register_introspection_functions()
    return server
