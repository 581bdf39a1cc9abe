"""Makes a server of a user's class or factory, and serves until it is interrupted: a program of its
own, in the user's interpreter (Python 3.6 and newer, with its standard library alone).

Its words are an order in JSON, and the address, if the server is told one. An order that says
"look" has nothing made: what the class is, is told in a line of JSON.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

NO_SUCH_NAME, CANNOT_BE_MADE = 64, 65


class Refusal(Exception):
    """No server comes of it; says why."""

    status = CANNOT_BE_MADE


class NoSuchName(Refusal):
    """What the user names is not there, or is of another kind."""

    status = NO_SUCH_NAME


def found(spec: str, folders: Any) -> Any:
    """What stands behind ``package.module:Name``; a module of a file is in one of the folders."""
    module, _, names = spec.partition(":")
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]
    try:
        one = importlib.import_module(module)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}."):
            raise NoSuchName(f"there is no module {error.name}") from None
        traceback.print_exc()
        raise Refusal(f"cannot import {module}: {worded(error)}") from error
    for name in names.split("."):
        if not hasattr(one, name):
            raise NoSuchName(f"{getattr(one, '__name__', module)} has no {name!r}")
        one = getattr(one, name)
    if not callable(one):
        kind = type(one).__name__
        raise NoSuchName(f"{spec} is no class and no function, but of type {kind}")
    return one


def worded(error: Exception) -> str:
    """An exception in one line."""
    first = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first}"


def parsed(where: str) -> Any:
    """The values of an address such as 127.0.0.1:80, [::1]:80 or unix:/tmp/a, by their places."""
    if where.startswith(("unix:", "unixgram:")):
        path = where.partition(":")[2]
        path = "\0" + path[1:] if path.startswith("@") else path
        return {"{address}": path, "{path}": path}
    host, _, port = where.rpartition(":")
    host = host.strip("[]")
    return {"{address}": (host, int(port)), "{host}": host, "{port}": int(port)}


def filled(value: Any, places: Any) -> Any:
    """A value of the order with what its places stand for; alone in a text they keep their type."""
    if isinstance(value, list):
        return [filled(one, places) for one in value]
    if isinstance(value, dict):
        return {name: filled(one, places) for name, one in value.items()}
    if not isinstance(value, str) or value in places:
        return places.get(value, value) if isinstance(value, str) else value
    for place, one in places.items():
        value = value.replace(place, str(one))
    return value


def made(order: Any, where: str) -> Any:
    """The server."""
    target = found(order["server"], order["folders"])
    places = parsed(where) if where else {}
    if order["handler"]:
        places["{handler}"] = handler_of(order)
    arguments, keywords = filled(order["arguments"], places), filled(order["keywords"], places)
    told = [*map(repr, arguments), *(f"{name}={value!r}" for name, value in keywords.items())]
    try:
        server = target(*arguments, **keywords)
    except Exception as error:
        traceback.print_exc()
        call = f"{order['server']}({', '.join(told)})"
        raise Refusal(f"{call} raised {worded(error)}") from error
    if not callable(getattr(server, "serve_forever", None)):
        what = f"{order['server']} gives a {type(server).__name__}"
        raise Refusal(f"{what}, which has no serve_forever()")
    return server


def handler_of(order: Any) -> Any:
    """The class of the handler."""
    try:
        return found(order["handler"], order["folders"])
    except Refusal as refusal:
        raise type(refusal)(f"--handler {order['handler']}: {refusal}") from None


def look(order: Any) -> None:
    """What its class says of itself, if it is one."""
    target = found(order["server"], order["folders"])
    if order["handler"]:
        handler_of(order)
    kinds = ("address_family", "socket_type")
    print(json.dumps({name: int(getattr(target, name, 0) or 0) for name in kinds}))  # noqa: T201


def serve(server: Any) -> None:
    """As its documentation has it."""
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        close = getattr(server, "server_close", None) or getattr(server, "close", None)
        if close:
            close()


def counted(own: str) -> Any:
    """The module beside this one that counts objects; the user's modules find none of its name."""
    sys.path.insert(0, own)
    one = importlib.import_module("object_counts")
    del sys.modules[one.__name__], sys.path[0]
    return one


def main(words: Any) -> None:
    order = json.loads(words[0])
    own = str(Path(__file__).resolve().parent)
    counts = counted(own) if order.get("counts") else None
    here = [] if order.get("alone") else [str(Path.cwd())]
    sys.path[:] = [*here, *(one for one in sys.path if one != own)]  # as of the user's
    sys.argv[:] = [order["server"]]
    os.environ.update(order.get("variables", {}))
    try:
        if order.get("look"):
            look(order)
            return
        if counts:
            handler = order["handler"]
            counts.handle([found(handler, order["folders"])] if handler else [])
        server = made(order, words[1] if words[1:] else "")
    except Refusal as refusal:
        print(refusal, file=sys.stderr)  # noqa: T201
        sys.exit(refusal.status)
    serve(server)


if __name__ == "__main__":
    main(sys.argv[1:])
