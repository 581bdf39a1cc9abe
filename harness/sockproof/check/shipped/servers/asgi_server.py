"""uvicorn with an application that greets and echoes (runs in the server's own interpreter)."""

from typing import Any

import uvicorn


async def application(scope: Any, receive: Any, send: Any) -> None:
    """GET /hello/you is greeted, what is posted comes back."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    said = scope["path"].strip("/").replace("/", " ")
    body = body or f"{said}\n".encode("ascii")
    fields = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": body})


class AsgiServer:
    """Serves until it is interrupted."""

    def __init__(self, host: str, port: int) -> None:
        config = uvicorn.Config(application, host, port, log_level="warning", lifespan="off")
        self.server = uvicorn.Server(config)

    def serve_forever(self) -> None:
        self.server.run()
        if not self.server.started:
            raise SystemExit(3)

    def close(self) -> None:
        pass
