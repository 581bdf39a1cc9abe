"""Makes the server under test out of a description. Runs inside the process under test.

The default server is the implementation's own class, untouched. A subclass is made only where the
case asks for attributes or for hooks, and a hook only on the methods it names.
"""

from __future__ import absolute_import

import socket
import sys
import threading

from . import accounting, events, gates, handlers, looking, own_server, script, securing

ADDRESS_FAMILIES = {
    "inet": "AF_INET",
    "inet6": "AF_INET6",
    "path": "AF_UNIX",
    "abstract": "AF_UNIX",
}
# How long shutdown() may take to return once the loop has ended, at the end of a case.
SETTLE_S = 1.0
# Arguments of hooks, kept alive: no socket may look closed because it was collected.
KEPT = []  # type: ignore[var-annotated]


class KeptServer(object):
    """A server under test with its threads: what the case's commands name by its handle."""

    def __init__(self, server, handler_class):
        """``opened`` tells the listening socket from all others, also when it is closed here."""
        self.server = server
        self.handler_class = handler_class
        self.opened = accounting.target(server.socket.fileno())
        self.closed = False
        self.threads = {}
        self.tasks = {}

    def calls_of(self, method):
        """The threads of its calls."""
        return [t for label, t in self.threads.items() if label.startswith(method + "-")]


def make_server(module, names, order):
    """Construct the server that ``order`` describes; what its constructor raises goes through.

    ``order`` has ``spec`` (class, mixin, family), ``address``, ``attributes``, ``hooks``,
    ``handler`` (base, script, attributes, source) and maybe ``bind_and_activate``,
    ``class_source`` and ``tls``.
    """
    described = order["handler"]
    own_base = getattr(module, names.get(described["base"], described["base"]))
    server_class, base = securing.secured(
        order.get("tls"), class_of(module, names, order), own_base
    )
    server_class = server_class_of(server_class, order)
    handler_class = handlers.make_handler(
        base,
        described["script"],
        events.decode(described["attributes"]),
        described["source"],
        module,
    )
    given = order.get("bind_and_activate")
    keywords = {} if given is None else {"bind_and_activate": given}
    address = events.decode(order["address"])
    made = own_server.constructed(server_class, address, handler_class, keywords)
    return KeptServer(made, handler_class)


def class_of(module, names, order):
    """The class itself, or mixed by hand if the spec says so, or what the source text defines."""
    spec = order["spec"]

    def find(name):
        return getattr(module, names.get(name, name))

    if not order.get("class_source"):
        own = find(spec["class"])
        return _mixed(find(spec["mixin"]), own) if spec["mixin"] else own
    namespace = {"find": find, "emit": events.emit, "socket": socket, "threading": threading}
    exec(compile(order["class_source"], "<server source>", "exec"), namespace)
    return namespace["Server"]


def server_class_of(server_class, order):
    """The class with the attributes and hooks of the order, subclassed only where it has any."""
    attributes = events.decode(order["attributes"])
    family = getattr(socket, ADDRESS_FAMILIES[order["spec"]["family"]])
    if server_class.address_family != family:
        attributes.setdefault("address_family", family)
    if attributes or order["hooks"]:
        server_class = _subclass(server_class, attributes, order["hooks"])
    return server_class


def _mixed(mixin, server_class):
    class Mixed(mixin, server_class):  # type: ignore[misc, valid-type]
        pass

    return Mixed


def _subclass(base, attributes, hooks):
    class Hooked(base):  # type: ignore[misc, valid-type]
        pass

    for name, value in attributes.items():
        stays = isinstance(vars(base).get(name), own_server.Restored)
        setattr(Hooked, name, own_server.Restored(value) if stays else value)
    for method, behaviour in hooks.items():
        setattr(Hooked, str(method), _hook(base, str(method), behaviour))
    return Hooked


def _hook(base, method, behaviour):
    """A method that logs its call, and calls the implementation's own unless told otherwise.

    ``behaviour``: ``gate`` waits first; ``raise`` raises; ``return`` gives that value instead of
    calling the original; ``instead`` the value of that expression; an empty one only records.
    """

    def hooked(self, *arguments):
        KEPT.append(arguments)
        shown = [_argument(argument) for argument in arguments]
        events.emit("call", method=method, arguments=shown, server=id(self), **_cause(method))
        try:
            value = _behave(self, base, method, behaviour, arguments)
        except BaseException as error:
            events.emit("raise", method=method, error=events.describe_error(error))
            raise
        events.emit("return", method=method, value=_argument(value))
        return value

    return hooked


def _cause(method):
    """What handle_error() is called for: the exception that is being handled."""
    error = sys.exc_info()[1]
    if method != "handle_error" or error is None:
        return {}
    return {"error": events.describe_error(error)}


def _behave(server, base, method, behaviour, arguments):
    if "gate" in behaviour:
        events.emit("step", do="gate", id="", name=behaviour["name"])
        gates.pass_gate(behaviour["gate"])
    if "raise" in behaviour:
        script.fail(behaviour["raise"]["exception"], behaviour["raise"]["message"])
    if "return" in behaviour:
        return events.decode(behaviour["return"])

    def original(*arguments):
        return getattr(base, method)(server, *arguments)

    if "instead" in behaviour:
        scope = {"self": server, "arguments": arguments, "original": original, "socket": socket}
        scope["fail"] = script.fail
        return eval(behaviour["instead"], scope)
    return original(*arguments)


def _argument(value):
    """An argument as an event shows it: sockets by descriptor, datagrams as their octets."""
    if isinstance(value, tuple) and len(value) == 2:
        return {"$tuple": [_argument(item) for item in value]}
    if hasattr(value, "fileno") and hasattr(value, "recv"):
        return {"$socket": value.fileno()}
    return events.encode(value)


def facts(server):
    """What a harness needs to know of a server: its address, and its socket's descriptor."""
    return {"address": events.encode(server.server_address), "fileno": server.socket.fileno()}


def spawn(kept, order, call):
    """Make a call in a thread of its own, named by the order's label; its end is an event."""
    thread = threading.Thread(target=telling_its_end(kept, order, call), name=order["label"])
    thread.daemon = True
    kept.threads[order["label"]] = thread
    events.emit("begun", label=order["label"], method=order["method"])
    thread.start()


def telling_its_end(kept, order, call):
    """A function that makes the call of an order, and tells of its end by an event."""
    about = {"label": order["label"], "method": order["method"]}

    def body():
        kept.tasks[order["label"]] = looking.task_here()
        try:
            value = call()
        except BaseException as error:
            raised = dict(events.describe_error(error), traceback=events.way_of_the_error())
            events.emit("ended", **dict(about, error=raised))
        else:
            events.emit("ended", **dict(about, value=value))

    return body


def end_loops(kept, hang_s):
    """Have the loops of a server end that still run; what shutdown() raises goes through.

    One may end by itself just before shutdown() is called, which then may wait for ever for a loop
    to end: so it is called in a thread, and waited for as long as a loop runs, or a little longer.
    """
    loops = kept.calls_of("serve_forever")
    if not any(loop.is_alive() for loop in loops):
        return
    raised = []  # type: ignore[var-annotated]
    stopping = threading.Thread(target=_keep_error, args=(kept.server.shutdown, raised))
    stopping.daemon = True
    kept.threads["shutdown-at-the-end"] = stopping
    stopping.start()
    for loop in loops:
        loop.join(hang_s)
    stopping.join(None if any(loop.is_alive() for loop in loops) else SETTLE_S)
    for error in raised:
        raise error


def _keep_error(act, raised):
    try:
        act()
    except BaseException as error:
        raised.append(error)


def stack(thread):
    """The names of the functions that a thread is in, innermost first; none when it has ended.

    None for a green thread: it has no stack of its own that the interpreter would show.
    """
    if not thread.is_alive():
        return []
    frame = sys._current_frames().get(thread.ident)
    if frame is None:
        return None if thread.is_alive() else []
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names
