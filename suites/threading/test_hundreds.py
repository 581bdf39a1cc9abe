"""Hundreds of handlers at once: no number within reach is too many. Their clients are in the
process under test."""

from __future__ import annotations

from fixtures import Serve, requirement

WANTED = 300
HANDLER = f"""
import threading
inside = []
may_leave = threading.Event()

class Handler(base):
    def handle(self):
        inside.append(1)
        may_leave.wait()
        self.wfile.write(b"done")

Handler.inside, Handler.may_leave, Handler.wanted = inside, may_leave, {WANTED}
"""
CLIENTS = """
clients = []
for number in range(server.RequestHandlerClass.wanted):
    clients.append(socket.create_connection(server.server_address))
"""
LEAVE = """
server.RequestHandlerClass.may_leave.set()
answered = 0
for client in clients:
    answered += client.recv(100) == b"done"
    client.close()
"""
ALL_INSIDE = "len(server.RequestHandlerClass.inside) == server.RequestHandlerClass.wanted"


@requirement("threading/hundreds-at-once")
def test_hundreds_of_handlers_run_at_once(serve: Serve) -> None:
    """Three hundred handlers have begun before the first ends, and all answer."""
    server = serve(source=HANDLER, attributes={"request_queue_size": WANTED})

    server.execute(CLIENTS)
    try:
        server.expect_true(ALL_INSIDE)
    finally:
        server.execute(LEAVE)

    server.expect_true("answered == server.RequestHandlerClass.wanted")
