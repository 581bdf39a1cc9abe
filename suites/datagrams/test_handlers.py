"""Handlers of datagrams: their files, what else they have, and how they answer without files."""

from __future__ import annotations

from fixtures import Construct, DatagramPeer, Observe, Peers, Serve, requirement, same
from fixtures.steps import (
    CloseWfile,
    Echo,
    Raise,
    Read,
    ReadLine,
    ReadToEnd,
    RecordCall,
    Reply,
    Report,
    Run,
    When,
)

LINE = b"a request that is longer than its reply\n"
REPLY_IN_UPPER_CASE = Run(
    "self.request[1].sendto(self.request[0].strip().upper(), self.client_address)"
)
TRY_TEXT = """
try:
    self.wfile.write(u"text")
    self.text = "taken"
except Exception as error:
    self.text = type(error).__name__
"""


@requirement("datagrams/base-handler-replies-by-sendto")
def test_handler_without_files_replies_by_sendto(
    serve: Serve, sender: DatagramPeer, observe: Observe
) -> None:
    """What a plain handler sends by its request's socket is all that the client gets."""
    types = Report({"types": "[type(part).__name__ for part in self.request]"})
    server = serve([types, REPLY_IN_UPPER_CASE], base="BaseRequestHandler")

    sender.connect(server).send(b"hello world with UDP\n").expect(b"HELLO WORLD WITH UDP")

    observe("types of the request's parts", server.expect_report()["types"])
    server.expect_handled()
    server.stop()
    same([], sender.arrived(), "what else the client gets")


@requirement("datagrams/base-handler-sends-nothing-by-itself")
def test_handler_without_files_sends_nothing(serve: Serve, sender: DatagramPeer) -> None:
    """A plain handler that reads its request and returns leaves the client without a datagram."""
    server = serve([ReadToEnd()], base="BaseRequestHandler")

    sender.connect(server).send(LINE)

    server.expect_handled()
    server.stop()
    same([], sender.arrived(), "what the client gets")


@requirement("datagrams/several-replies-stay-apart")
def test_several_replies_to_one_request(serve: Serve, sender: DatagramPeer) -> None:
    """Three datagrams that one handler sends, an empty one among them, arrive as they were sent."""
    replies = [b"the first", b"", b"the third"]
    send = f"for data in {replies!r}: self.request[1].sendto(data, self.client_address)"
    server = serve([Run(send)], base="BaseRequestHandler")

    sender.connect(server).send(LINE)

    for reply in replies:
        sender.expect(reply)
    server.stop()
    same([], sender.arrived(), "what else the client gets")


@requirement("datagrams/rfile-ends-with-the-datagram")
def test_rfile_ends_with_its_datagram(construct: Construct, sender: DatagramPeer) -> None:
    """rfile gives two lines and an unended one, then nothing, though another datagram waits."""
    rfile = "self.rfile"
    reads = f"{rfile}.readline(), {rfile}.read(2), {rfile}.readline(), {rfile}.read()"
    again = f"{rfile}.read(), {rfile}.readline()"
    parts = f"[part.decode('ascii') for part in ({reads}, {again})]"
    server = construct([Report({"parts": parts})])
    sender.connect(server).send(b"one\ntwo\nand three").send(b"the next datagram\n")

    server.call("handle_request")

    wanted = ["one\n", "tw", "o\n", "and three", "", ""]
    same(wanted, server.expect_report()["parts"], "what rfile gives, piece by piece")


@requirement("datagrams/files-support-buffered-io")
def test_files_have_the_interface_of_buffered_io(
    serve: Serve, sender: DatagramPeer, observe: Observe
) -> None:
    """Every way that io.BufferedIOBase has to read works on rfile, and to write on wfile."""
    filled = "(lambda room: [self.rfile.readinto(room), room.decode()])(bytearray(3))"
    writes = "self.wfile.write(memoryview(b'ab')), self.wfile.write(bytearray(b'c'))"
    base = "__import__('io').BufferedIOBase"
    expressions = {
        "reads": f"[self.rfile.readable(), self.rfile.read1(2).decode(), {filled},"
        " [line.decode() for line in self.rfile]]",
        "writes": f"[self.wfile.writable(), {writes}, self.wfile.writelines([b'd', b'e']),"
        " self.wfile.flush()]",
        "derived": f"[isinstance(file, {base}) for file in (self.rfile, self.wfile)]",
    }
    server = serve([Report(expressions)])

    sender.connect(server).send(b"12345the rest\nof it").expect(b"abcde")

    report = server.expect_report()
    wanted = [True, "12", [3, "345"], ["the rest\n", "of it"]]
    same(wanted, report["reads"], "readable(), read1(2), readinto(), the lines of rfile")
    same([True, 2, 1, None, None], report["writes"], "writable(), write(), writelines() of wfile")
    observe("rfile and wfile derive from BufferedIOBase", report["derived"])


@requirement("datagrams/reply-does-not-contain-the-request")
def test_reply_has_nothing_of_the_request(serve: Serve, sender: DatagramPeer) -> None:
    """A short answer to a long request is all that is sent: if all, some or none of it was read."""
    server = serve(
        [
            Read(4),
            When(b"all ", [ReadToEnd(), Reply(b"1")]),
            When(b"some", [Echo()]),
            When(b"none", [Run("self.rfile.seek(0)"), Reply(b"3")]),
        ]
    )
    sender.connect(server)

    for start, reply in ((b"all ", b"1"), (b"some", b"some"), (b"none", b"3")):
        sender.send(start + LINE).expect(reply)


@requirement("datagrams/handler-attributes")
def test_attributes_of_a_datagram_handler(
    serve: Serve, sender: DatagramPeer, observe: Observe
) -> None:
    """A handler tells what it finds on itself and on its files."""
    methods = "('fileno', 'getvalue', 'read', 'seek', 'tell', 'truncate')"
    expressions = {
        "packet is the request's data": "getattr(self, 'packet', None) is self.request[0]",
        "socket is the request's": "getattr(self, 'socket', None) is self.request[1]",
        "socket is the server's": "getattr(self, 'socket', None) is self.server.socket",
        "there is a connection": "hasattr(self, 'connection')",
        "types of the files": "[type(file).__name__ for file in (self.rfile, self.wfile)]",
        "methods of wfile": f"[name for name in {methods} if hasattr(self.wfile, name)]",
        "text written to wfile": "self.text",
    }
    server = serve([Run(TRY_TEXT), Report(expressions)])
    sender.connect(server).send(LINE)

    for name, value in server.expect_report().items():
        observe(name, value)


@requirement("datagrams/wfile-position")
def test_reply_of_a_handler_that_moves_in_wfile(
    serve: Serve, sender: DatagramPeer, observe: Observe
) -> None:
    """One handler overwrites what it wrote, one cuts it, one goes beyond its end."""
    changes = {
        "overwritten": "self.wfile.seek(4); self.wfile.write(b'x')",
        "cut": "self.wfile.seek(4); self.wfile.truncate()",
        "beyond the end": "self.wfile.seek(12); self.wfile.write(b'x')",
    }
    start = Run("self.wfile.write(b'0123456789')")
    steps = [When(name.encode(), [start, Run(source)]) for name, source in changes.items()]
    server = serve([ReadLine(), *steps])
    sender.connect(server)
    for number, name in enumerate(changes, 1):
        sender.send(name.encode())
        server.expect_handled(number)
        observe(f"what was written is {name}: reply", sender.arrived())


@requirement("datagrams/reply-after-an-exception")
def test_reply_of_a_handler_that_raises(
    serve: Serve, sender: DatagramPeer, observe: Observe
) -> None:
    """A handler writes, and raises instead of returning."""
    server = serve(
        [ReadLine(), Reply(b"written before"), Raise()], hooks={"handle_error": RecordCall()}
    )
    sender.connect(server).send(LINE)
    server.expect_handled()
    server.stop()

    observe("handle() raised: datagrams received", sender.arrived())
    observe("handle() raised: handle_error", [e.name for e in server.errors_handled()])


@requirement("datagrams/closed-files-leave-server-serving")
def test_handler_that_closes_its_files(serve: Serve, peers: Peers, observe: Observe) -> None:
    """After a handler that closed rfile, and one that closed wfile, the next client is answered."""
    server = serve(
        [
            ReadLine(),
            When(b"rfile", [Run("self.rfile.close()"), Reply(b"rfile is closed")]),
            When(b"wfile", [Reply(b"wfile is closed"), CloseWfile()]),
            When(b"go on", [Echo()]),
        ],
        hooks={"handle_error": RecordCall()},
    )
    closing = {name: peers.datagram(name).connect(server) for name in ("rfile", "wfile")}

    for name, client in closing.items():
        client.send(f"{name}\n".encode())

    peers.datagram().connect(server).send(b"go on\n").expect(b"go on\n")
    server.stop()
    for name, client in closing.items():
        observe(f"{name} closed by the handler: datagrams received", client.arrived())
    kinds = [error.name for error in server.errors_handled()]
    observe("files closed by the handler: handle_error", kinds)
