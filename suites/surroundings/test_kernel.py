"""What the kernel sees of a server that no document promises: options, segments, modes, addresses.

Each is recorded against a bare socket made the same way in the same process.
"""

from __future__ import annotations

from typing import Any

from fixtures import Construct, NotApplicable, Observe, Serve, StreamPeer, requirement
from fixtures.steps import Report, Run

OPTIONS = """
OF_SOCKETS = "SO_REUSEADDR SO_REUSEPORT SO_KEEPALIVE SO_BROADCAST SO_LINGER SO_OOBINLINE".split()
OF_SOCKETS += "SO_DONTROUTE SO_PRIORITY SO_RCVLOWAT SO_PASSCRED SO_MARK".split()
OF_TCP = "TCP_NODELAY TCP_CORK TCP_DEFER_ACCEPT TCP_KEEPIDLE TCP_LINGER2 TCP_USER_TIMEOUT".split()
OF_LISTENERS = "SO_RCVBUF SO_SNDBUF".split()
OF_IP = {"IPPROTO_IP": "IP_TOS IP_TTL".split(), "IPPROTO_IPV6": ["IPV6_V6ONLY"]}

def options(one, names=OF_SOCKETS):
    wanted = [("SOL_SOCKET", name) for name in names] + [("IPPROTO_TCP", name) for name in OF_TCP]
    wanted += [(level, name) for level in OF_IP for name in OF_IP[level]]
    found = {}
    for level, name in wanted:
        try:
            value = one.getsockopt(getattr(socket, level), getattr(socket, name), 8)
        except (AttributeError, socket.error):
            continue
        found[name] = [ord(value[place:place + 1]) for place in range(len(value))]
    return found

def others(one, bare, names=OF_SOCKETS):
    mine, plain = options(one, names), options(bare, names)
    return sorted(name for name in mine if mine[name] != plain.get(name))

def of_listener():
    bare = socket.socket(server.address_family, server.socket_type)
    try:
        bare.bind(server.server_address[:1] + (0,) + tuple(server.server_address[2:]))
        if server.socket_type == socket.SOCK_STREAM:
            bare.listen(server.request_queue_size)
        return others(server.socket, bare, OF_SOCKETS + OF_LISTENERS)
    finally:
        bare.close()

def of_connection(connection):
    bare = socket.socket(server.address_family)
    bare.bind(server.server_address[:1] + (0,) + tuple(server.server_address[2:]))
    bare.listen(1)
    client = socket.create_connection(bare.getsockname()[:2])
    accepted = bare.accept()[0]
    try:
        return others(connection, accepted)
    finally:
        for one in (accepted, client, bare):
            one.close()

server.of_connection = of_connection
"""
SIZES = {"small": 17, "of-a-page": 5000}
# Linux tells in the octets 156 to 159 how many segments with data a connection has sent.
SEGMENTS = """
import struct

def sent(connection):
    told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
    return struct.unpack_from("=I", told, 156)[0] if len(told) >= 160 else None

server.sent = sent
"""
WRITTEN = """
first = self.server.sent(self.request)
self.wfile.write(b"x" * {size})
self.rfile.readline()
second = self.server.sent(self.request)
self.request.sendall(b"x" * {size})
self.rfile.readline()
third = self.server.sent(self.request)
self.segments = None if first is None else [second - first, third - second]
"""
MODES = """
import sys

def modes_seen():
    path = server.server_address + ".another"
    seen = []

    def look(frame, event, argument):
        try:
            mode = "%o" % (os.stat(path).st_mode & 0o777)
        except EnvironmentError:
            return look
        if seen[-1:] != [mode]:
            seen.append(mode)
        return look

    was = sys.gettrace()
    sys.settrace(look)
    try:
        another = server.__class__(path, server.RequestHandlerClass)
    finally:
        sys.settrace(was)
    another.server_close()
    look(None, "", None)
    if os.path.lexists(path):
        os.unlink(path)
    return seen
"""
BY_IPV4 = """
def reply_by_ipv4(port):
    client = socket.socket(socket.AF_INET, server.socket_type)
    client.settimeout(5)
    try:
        client.connect(("127.0.0.1", port))
        client.sendall(b"x\\n")
        return client.recv(100).decode("ascii")
    finally:
        client.close()
"""
TELLS_ADDRESS = """
class Handler(base):
    def handle(self):
        self.wfile.write(self.client_address[0].encode("ascii"))
"""
MAPPED = ("::ffff:127.0.0.1", 0, 0, 0)


@requirement("surroundings/options-of-sockets")
def test_options_of_sockets(serve: Serve, client: StreamPeer, observe: Observe) -> None:
    """Which options of the listener, and of a connection, a bare socket has otherwise."""
    server = serve([Report({"options": "self.server.of_connection(self.request)"})])
    server.execute(OPTIONS)

    client.connect(server)

    observe("options of the connection", server.expect_report()["options"])
    observe("options of the listener", server.evaluate("of_listener()"))


@requirement("surroundings/options-of-datagram-sockets")
def test_options_of_datagram_sockets(construct: Construct, observe: Observe) -> None:
    """Which options of a datagram server's socket a bare one has otherwise."""
    server = construct()
    server.execute(OPTIONS)

    observe("options of the socket", server.evaluate("of_listener()"))


@requirement("surroundings/segments-of-a-reply", variants=SIZES)
def test_segments_of_a_reply(
    serve: Serve, client: StreamPeer, observe: Observe, variant: int
) -> None:
    """How many more segments a write to wfile takes than sendall() of the same octets."""
    steps = [Run(WRITTEN.format(size=variant)), Report({"segments": "self.segments"})]
    server = serve(steps)
    if not server.evaluate("hasattr(socket, 'TCP_INFO')"):
        raise NotApplicable("the system does not count segments")
    server.execute(SEGMENTS)

    client.connect(server)
    for _ in range(2):
        client.expect(b"x" * variant).send(b"go on\n")

    segments = server.expect_report()["segments"]
    if segments is None:
        raise NotApplicable("the system does not count segments with data")
    observe("segments more than sendall() takes", segments[0] - segments[1])


@requirement("surroundings/modes-of-a-socket-file")
def test_modes_of_a_socket_file(construct: Construct, observe: Observe) -> None:
    """The modes that the file of a Unix server has, from when it is there to the server's end."""
    server = construct()
    server.execute(MODES)

    modes = server.evaluate("modes_seen()")

    observe("how many modes the file has had", len(modes))


@requirement("surroundings/mapped-address")
def test_mapped_address(construct: Construct, observe: Observe) -> None:
    """Whether an IPv6 server at an IPv4 address, written as IPv6, is reached by an IPv4 client."""
    made: Any = construct.attempt(source=TELLS_ADDRESS, address=MAPPED)
    if not hasattr(made, "evaluate"):
        observe("server at a mapped address", made.type_name)
        return
    made.spawn("serve_forever", 0.001)
    made.execute(BY_IPV4)

    port = made.evaluate("server.server_address[1]")

    observe("server at a mapped address", made.evaluate("server.server_address[0]"))
    observe("address of an IPv4 client", made.evaluate(f"reply_by_ipv4({port})"))
