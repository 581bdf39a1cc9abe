"""What the documentation's pages of the modules promise under which heading, from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["DOCUMENTED", "DocumentedModule"]

# An entry is a line: one or more anchors, and perhaps "= label"; without one the entry is called as
# its first anchor is. Those of socketserver's classes go without "socketserver.".
_SOCKETSERVER: Mapping[str, str] = {
    "Server classes": """
        module-socketserver = the module
        TCPServer
        UDPServer
        UnixStreamServer UnixDatagramServer = Unix servers""",
    "Server Creation Notes": """
        server-creation-notes = notes
        ForkingMixIn ThreadingMixIn = mix-ins
        ForkingMixIn.max_children = ForkingMixIn.max_children
        ForkingMixIn.block_on_close ThreadingMixIn.block_on_close = block_on_close
        ThreadingMixIn.daemon_threads = ThreadingMixIn.daemon_threads
        ForkingTCPServer ForkingUDPServer ThreadingTCPServer ThreadingUDPServer \
        ForkingUnixStreamServer ForkingUnixDatagramServer \
        ThreadingUnixStreamServer ThreadingUnixDatagramServer = predefined classes""",
    "Server Objects": """
        server-objects BaseServer = BaseServer
        BaseServer.fileno()
        BaseServer.handle_request()
        BaseServer.serve_forever()
        BaseServer.service_actions()
        BaseServer.shutdown()
        BaseServer.server_close()
        BaseServer.address_family
        BaseServer.RequestHandlerClass
        BaseServer.server_address
        BaseServer.socket
        BaseServer.allow_reuse_address
        BaseServer.allow_reuse_port
        BaseServer.request_queue_size
        BaseServer.socket_type
        BaseServer.timeout
        BaseServer.finish_request()
        BaseServer.get_request()
        BaseServer.handle_error()
        BaseServer.handle_timeout()
        BaseServer.process_request()
        BaseServer.server_activate()
        BaseServer.server_bind()
        BaseServer.verify_request()
        BaseServer.__enter__ BaseServer.__exit__ = context manager""",
    "Request Handler Objects": """
        request-handler-objects BaseRequestHandler = BaseRequestHandler
        BaseRequestHandler.setup()
        BaseRequestHandler.handle()
        BaseRequestHandler.finish()
        BaseRequestHandler.request
        BaseRequestHandler.client_address
        BaseRequestHandler.server
        StreamRequestHandler
        StreamRequestHandler.rfile
        StreamRequestHandler.wfile
        DatagramRequestHandler
        DatagramRequestHandler.rfile
        DatagramRequestHandler.wfile""",
    "Examples": """
        examples
        socketserver-tcpserver-example = socketserver.TCPServer Example
        socketserver-udpserver-example = socketserver.UDPServer Example
        asynchronous-mixins = Asynchronous Mixins""",
}
_SOCKET: Mapping[str, str] = {
    "Socket families": """
        module-socket = the module
        socket-families = families and addresses""",
    "Exceptions and constants": """
        exceptions socket.error = error
        socket.herror
        socket.gaierror
        socket.timeout
        constants
        socket.has_ipv6""",
    "Creating sockets": """
        creating-sockets socket.socket = socket()
        socket.socketpair()
        socket.create_connection()
        socket.create_server()
        socket.has_dualstack_ipv6()
        socket.fromfd()
        socket.SocketType""",
    "Other functions": """
        other-functions = functions
        socket.close()
        socket.getaddrinfo()
        socket.getfqdn()
        socket.gethostbyname()
        socket.gethostbyname_ex()
        socket.gethostname()
        socket.gethostbyaddr()
        socket.getnameinfo()
        socket.getprotobyname()
        socket.getservbyname()
        socket.getservbyport()
        socket.ntohl socket.ntohs socket.htonl socket.htons = byte order
        socket.inet_aton()
        socket.inet_ntoa()
        socket.inet_pton()
        socket.inet_ntop()
        socket.CMSG_LEN()
        socket.CMSG_SPACE()
        socket.getdefaulttimeout()
        socket.setdefaulttimeout()
        socket.if_nameindex()
        socket.if_nametoindex()
        socket.if_indextoname()
        socket.send_fds()
        socket.recv_fds()""",
    "Socket Objects": """
        socket-objects = sockets
        socket.socket.accept()
        socket.socket.bind()
        socket.socket.close()
        socket.socket.connect()
        socket.socket.connect_ex()
        socket.socket.detach()
        socket.socket.dup()
        socket.socket.fileno()
        socket.socket.get_inheritable()
        socket.socket.getpeername()
        socket.socket.getsockname()
        socket.socket.getsockopt()
        socket.socket.getblocking()
        socket.socket.gettimeout()
        socket.socket.listen()
        socket.socket.makefile()
        socket.socket.recv()
        socket.socket.recvfrom()
        socket.socket.recvmsg()
        socket.socket.recvmsg_into()
        socket.socket.recvfrom_into()
        socket.socket.recv_into()
        socket.socket.send()
        socket.socket.sendall()
        socket.socket.sendto()
        socket.socket.sendmsg()
        socket.socket.sendfile()
        socket.socket.set_inheritable()
        socket.socket.setblocking()
        socket.socket.settimeout()
        socket.socket.setsockopt()
        socket.socket.shutdown()
        socket.socket.family
        socket.socket.type
        socket.socket.proto""",
    "Notes on socket timeouts": """
        notes-on-socket-timeouts = notes
        timeouts-and-the-connect-method = connect()
        timeouts-and-the-accept-method = accept()""",
    "Example": "example",
}
# Classes whose attributes are named with them: both have rfile and wfile.
_SHARED = {"StreamRequestHandler", "DatagramRequestHandler"}


@dataclass(frozen=True)
class DocumentedModule:
    """A module's page: by the titles of its chapters, the lines of their entries."""

    name: str
    table: Mapping[str, str]

    @property
    def page(self) -> str:
        """The page's address."""
        return f"https://docs.python.org/3/library/{self.name}.html"

    def anchor(self, name: str) -> str:
        """The anchor of a name in the table."""
        return (f"{self.name}." if name[0].isupper() else "") + name.removesuffix("()")

    @staticmethod
    def label(name: str) -> str:
        """``handle_request()`` for the anchor of BaseServer's method."""
        words = name.split(".")
        return ".".join(words if words[0] in _SHARED else words[-1:])


# In the order in which a page has them.
DOCUMENTED = (DocumentedModule("socketserver", _SOCKETSERVER), DocumentedModule("socket", _SOCKET))
