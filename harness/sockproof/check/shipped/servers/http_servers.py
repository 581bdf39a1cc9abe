"""http.server with a handler that greets and echoes (runs in the server's own interpreter)."""

import http.server
from typing import Any


class GreetingHandler(http.server.BaseHTTPRequestHandler):
    """GET /hello/you is greeted, what is posted comes back."""

    def do_GET(self) -> None:
        said = self.path.strip("/").replace("/", " ")
        self.answer(f"{said}\n".encode("ascii"))

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def one_at_a_time(host: str, port: int) -> Any:
    return http.server.HTTPServer((host, port), GreetingHandler)


def threading(host: str, port: int) -> Any:
    return http.server.ThreadingHTTPServer((host, port), GreetingHandler)
