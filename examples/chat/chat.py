"""A server with a line of its own: what it hears, it says in capitals."""

import socketserver


class ChatHandler(socketserver.StreamRequestHandler):
    """Answers each line until its client has said all."""

    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line.upper())


class ChatServer(socketserver.ThreadingTCPServer):
    """Ends although clients are connected, and starts again at once."""

    daemon_threads = True
    allow_reuse_address = True
