"""What a constructed server says of itself: its address, its handler class, its socket."""

from __future__ import annotations

from typing import Any

from fixtures import (
    CaseProcess,
    Construct,
    NotApplicable,
    Observe,
    Peer,
    Serve,
    Server,
    ServerSpec,
    StreamPeer,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, Gate, ReadLine, Receive

_OF_MESSAGES = """
class Server(find("UnixStreamServer")):
    socket_type = socket.SOCK_SEQPACKET
"""
_LOOKS_WHEN_ASKED = """
class Asked:
    def __get__(self, server, owner):
        if server is not None:
            owner.seen.append([*vars(server)])
        return socket.AF_INET

class Server(find("TCPServer")):
    seen = []
    address_family = Asked()
"""
_OF_MESSAGES_BY_OBJECT = {
    "by-constructor": """
class Server(find("UnixStreamServer")):
    def __init__(self, *arguments):
        self.socket_type = socket.SOCK_SEQPACKET
        find("UnixStreamServer").__init__(self, *arguments)
""",
    "property": """
class Server(find("UnixStreamServer")):
    socket_type = property(lambda self: socket.SOCK_SEQPACKET)
""",
}
_IS_OF_MESSAGES = (
    "server.socket.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_SEQPACKET"
)
_OF_AN_ADDRESS_FAMILY_ALONE = """
class Server(find({base!r})):
    address_family = socket.AF_UNIX
"""
_INTERNET_BASES = {"UnixStream": "TCPServer", "UnixDatagram": "UDPServer"}
FAMILY_NAMES = {"inet": "AF_INET", "inet6": "AF_INET6", "path": "AF_UNIX", "abstract": "AF_UNIX"}


@requirement("construction/ephemeral-port-is-known")
def test_ephemeral_port_is_known(construct: Construct, serve: Serve, peer: Peer) -> None:
    """A server made with port 0 announces the host it was given and the port it got."""
    given = construct.new_address()

    server = serve([ReadLine(), Echo()], address=given)

    host, port = server.address[:2]
    same(given[0], host, "the host in server_address")
    check(port != 0, expected="server_address holds the port that was chosen", actual="port 0")
    peer.connect(server).send(b"found\n").expect(b"found\n").expect_end()


@requirement("construction/server-address-has-the-familys-shape")
def test_server_address_has_the_familys_shape(
    construct: Construct, spec: ServerSpec, observe: Observe
) -> None:
    """server_address looks as addresses of its family do in the socket module."""
    given = construct.new_address()

    address = construct(address=given).address

    observe("type", type(address).__name__)
    match spec.family:
        case "inet":
            same(["str", "int"], _types(address), "the parts of server_address")
        case "inet6":
            same(["str", "int", "int", "int"], _types(address), "the parts of server_address")
        case _:
            same(given, _text(address), "server_address")


def _types(address: Any) -> list[str] | str:
    return [type(part).__name__ for part in address] if isinstance(address, tuple) else "no tuple"


def _text(name: Any) -> Any:
    """A Unix name as text: abstract ones are octets from Python 3 on."""
    return name.decode("latin-1") if isinstance(name, bytes) else name


@requirement("construction/request-handler-class-is-kept")
def test_request_handler_class_is_kept(construct: Construct) -> None:
    """RequestHandlerClass is the very class that the constructor was given."""
    server = construct()

    kept = server.evaluate("server.RequestHandlerClass is handler_class")

    check(
        kept,
        expected="RequestHandlerClass is the class given to the constructor",
        actual="it is another object",
    )


@requirement("construction/fileno-is-the-listening-descriptor")
def test_fileno_is_the_listening_descriptor(construct: Construct) -> None:
    """fileno() gives the descriptor number of the server's socket, the same at every call."""
    server = construct()

    numbers = server.evaluate("[server.fileno(), server.fileno(), server.socket.fileno()]")

    descriptor = numbers[-1]
    check(isinstance(descriptor, int) and descriptor >= 0, expected="a socket", actual=numbers)
    same([descriptor] * 3, numbers, "fileno(), fileno() again, and the socket's own descriptor")


@requirement("construction/socket-is-of-the-announced-family-and-type")
def test_socket_is_of_the_announced_family_and_type(construct: Construct, spec: ServerSpec) -> None:
    """The socket is what address_family and socket_type say, and these are what the class is."""
    server = construct()

    wanted = server.evaluate(
        f"(int(socket.{FAMILY_NAMES[spec.family]}),"
        f" int(socket.{'SOCK_STREAM' if spec.is_stream else 'SOCK_DGRAM'}))"
    )
    announced = server.evaluate("(int(server.address_family), int(server.socket_type))")
    same(wanted, announced, "address_family and socket_type")
    same(wanted, _family_and_type(server), "family and type of the socket")


def _family_and_type(server: Server) -> Any:
    """Of the socket; its type as the kernel says, since the object's may hold flags."""
    return server.evaluate(
        "(int(server.socket.family), server.socket.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE))"
    )


@requirement(
    "construction/family-is-not-read-off-the-address",
    variants={"a-name": "localhost", "nothing": ""},
)
def test_family_is_not_read_off_the_address(construct: Construct, variant: str) -> None:
    """An IPv6 server whose host has no form of either family has a socket of IPv6."""
    server = construct(address=(variant, 0), bind_and_activate=False)

    wanted = server.evaluate(f"int(socket.{FAMILY_NAMES['inet6']})")
    same(wanted, _family_and_type(server)[0], "family of the socket")
    same(wanted, server.evaluate("int(server.address_family)"), "address_family")


@requirement("construction/subclass-attributes-are-honoured")
def test_subclass_attributes_are_honoured(serve: Serve, peer: Peer) -> None:
    """A subclass with address_family = AF_INET6 listens on an IPv6 address, and serves there."""
    server = serve([ReadLine(), Echo()])

    is_ipv6 = server.evaluate("server.socket.family == socket.AF_INET6")

    check(is_ipv6, expected="a socket of family AF_INET6", actual="one of another family")
    same("::1", server.address[0], "the host in server_address")
    peer.connect(server).send(b"six\n").expect(b"six\n").expect_end()


@requirement("construction/unix-by-address-family-alone")
def test_address_family_makes_a_unix_server(
    construct: Construct, serve: Serve, peer: Peer, spec: ServerSpec
) -> None:
    """An internet server of family AF_UNIX is at the path that it was given, and echoes there."""
    given = construct.new_address()
    source = _OF_AN_ADDRESS_FAMILY_ALONE.format(base=_INTERNET_BASES[spec.kind])

    server = serve([ReadLine(), Echo()], class_source=source, address=given)

    same(given, server.address, "server_address")
    peer.connect(server).send(b"at a path\n").expect(b"at a path\n").expect_end()


@requirement("construction/when-the-family-is-asked")
def test_attributes_when_the_family_is_asked(construct: Construct, observe: Observe) -> None:
    """What a property address_family can look at the first time, by the names of attributes."""
    server = construct(class_source=_LOOKS_WHEN_ASKED)

    seen = server.evaluate("sorted(n for n in server.seen[0] if not n.startswith('_'))")
    observe("attributes", seen)


@requirement("construction/socket-type-of-a-subclass")
def test_socket_type_makes_a_server_of_messages(
    serve: Serve, client: StreamPeer, process: CaseProcess
) -> None:
    """Of two messages that wait, one recv() gives the first alone, which comes back as it was."""
    _needs_messages(process)
    steps = [Gate("both sent"), Receive(100), Echo(), Receive(100), Echo()]
    server = serve(steps, base="BaseRequestHandler", class_source=_OF_MESSAGES)

    is_one = server.evaluate(_IS_OF_MESSAGES)
    check(is_one, expected="a socket of type SOCK_SEQPACKET", actual="another type")
    client.connect(server, by_messages=True).send(b"first").send(b"second")
    server.open_gate("both sent")

    client.expect(b"first").expect(b"second").expect_end()
    server.expect_read("recv", b"first", b"second")


@requirement("construction/socket-type-of-an-object", variants=_OF_MESSAGES_BY_OBJECT)
def test_socket_type_is_as_the_object_says(
    construct: Construct, process: CaseProcess, variant: str
) -> None:
    """SOCK_SEQPACKET, where the class has SOCK_STREAM."""
    _needs_messages(process)

    server = construct(class_source=variant)

    is_one = server.evaluate(_IS_OF_MESSAGES)
    check(is_one, expected="a socket of type SOCK_SEQPACKET", actual="another type")


def _needs_messages(process: CaseProcess) -> None:
    made = "socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).close()"
    if process.do("evaluate", expression=made).error is not None:
        raise NotApplicable("no SOCK_SEQPACKET here")
