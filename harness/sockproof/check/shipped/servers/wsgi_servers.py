"""Servers of WSGI applications: wsgiref's and werkzeug's (runs in the server's own interpreter)."""

from typing import Any


def application(environ: Any, start_response: Any) -> Any:
    """GET /hello/you is greeted, what is posted comes back."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    said = environ["PATH_INFO"].strip("/").replace("/", " ")
    body = environ["wsgi.input"].read(size) if size else f"{said}\n".encode("ascii")
    fields = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
    start_response("200 OK", fields)
    return [body]


def of_wsgiref(host: str, port: int) -> Any:
    from wsgiref.simple_server import make_server

    return make_server(host, port, application)


def of_werkzeug(host: str, port: int, **more: Any) -> Any:
    from werkzeug.serving import make_server

    return make_server(host, port, application, **more)


def of_werkzeug_threaded(host: str, port: int) -> Any:
    return of_werkzeug(host, port, threaded=True)


def of_werkzeug_processes(host: str, port: int) -> Any:
    return of_werkzeug(host, port, processes=40)
