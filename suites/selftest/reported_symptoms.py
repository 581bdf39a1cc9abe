"""Thirty symptoms in the words of public reports, and the requirements that each is about.

They were written before the symptoms of the catalogue were: none of these is a text of it. A reader
who types one is helped if one of the ids is among the first hits.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["REPORTED"]

# What is typed: the report that says so, and the ids of which one must be found.
REPORTED: Mapping[str, tuple[str, frozenset[str]]] = {
    "Program stuck on server.stop()": (
        "https://github.com/csernazs/pytest-httpserver/issues/263",
        frozenset(
            {
                "serving/shutdown-waits-for-the-loop",
                "serving/shutdown-stops-the-loop",
                "serving/shutdown-in-the-loops-own-thread",
            }
        ),
    ),
    "[Errno 98] Address already in use after killing the server": (
        "https://github.com/stamparm/DSVW/issues/2",
        frozenset(
            {
                "binding/reuse-address-rebinds-after-time-wait",
                "binding/time-wait-without-reuse",
                "binding/address-in-use",
            }
        ),
    ),
    "thread leak in Python 3.7": (
        "https://github.com/prometheus/client_python/pull/356",
        frozenset({"threading/finished-threads-are-dropped", "threading/finished-threads-kept"}),
    ),
    "ForkingMixIn leaves zombies": (
        "https://github.com/python/cpython/issues/90093",
        frozenset(
            {
                "forking/idle-server-reaps-children",
                "forking/children-that-end-together",
                "forking/server-close-waits-for-children",
                "forking/zombies-of-an-idle-loop",
            }
        ),
    ),
    "ConnectionResetError when 8 requests are sent at once": (
        "https://github.com/sqliteai/warp/pull/73",
        frozenset(
            {
                "backlog/burst-is-served",
                "backlog/capacity",
                "backlog/default-is-the-systems-limit",
                "backlog/queue-size-reaches-listen",
                "backlog/request-queue-size-waits",
            }
        ),
    ),
    "idle browser connection blocks every other client": (
        "https://github.com/jordan-gibbs/hyperresearch/issues/87",
        frozenset(
            {
                "dispatch/synchronous-server-handles-one-at-a-time",
                "handlers/timeout-applies-to-the-connection",
                "handlers/timeout-default-is-none",
                "threading/slow-request-does-not-block-others",
            }
        ),
    ),
    "broken pipe traceback in the logs when a client disconnects": (
        "https://github.com/benoitc/gunicorn/issues/22",
        frozenset(
            {
                "handlers/reply-to-a-gone-client-is-not-an-error",
                "streams/client-goes-before-the-reply",
                "streams/reads-and-writes-after-the-client-has-gone",
            }
        ),
    ),
    "Connections hang about in CLOSE_WAIT state": (
        "https://github.com/Cymmetria/MTPot/issues/6",
        frozenset(
            {
                "dispatch/handled-request-is-shut-down",
                "generated/every-connection-is-closed",
                "resources/served-requests-leave-nothing",
                "resources/vanished-clients-leave-nothing",
            }
        ),
    ),
    "error: [Errno 24] Too many open files": (
        "https://github.com/mitmproxy/mitmproxy/issues/329",
        frozenset(
            {
                "resources/served-requests-leave-nothing",
                "resources/failed-requests-leave-nothing",
                "resources/vanished-clients-leave-nothing",
                "resources/loop-survives-lack-of-descriptors",
            }
        ),
    ),
    "UDP packets larger than 8192 bytes are cropped": (
        "https://github.com/python/cpython/pull/128320",
        frozenset({"datagrams/max-packet-size-truncates", "datagrams/large-datagram"}),
    ),
    "allow_reuse_address flag has no effect": (
        "https://github.com/palantir/python-language-server/pull/711",
        frozenset({"binding/reuse-address-too-late", "binding/reuse-address-on-an-instance"}),
    ),
    "Unix socket listener cannot bind on restart": (
        "https://github.com/matrix-org/matrix-authentication-service/issues/2424",
        frozenset(
            {
                "unix/path-exists-in-use",
                "unix/socket-file-after-close",
                "unix/stale-socket-is-in-use",
            }
        ),
    ),
    "raises exception if client quickly closes the socket after sending": (
        "https://github.com/python/cpython/issues/152024",
        frozenset(
            {
                "datagrams/reply-to-a-removed-path",
                "datagrams/unbound-sender-leaves-server-serving",
                "datagrams/vanished-sender-leaves-server-serving",
            }
        ),
    ),
    "pressing Ctrl-C prints Goodbye but the process never exits": (
        "https://github.com/bboe/extended_http_server/pull/7",
        frozenset(
            {
                "serving/interrupt-leaves-the-loop",
                "threading/interpreter-exit-leaves-daemons",
                "threading/interpreter-exit-waits-for-handlers",
            }
        ),
    ),
    "Address family for hostname not supported, IPv6": (
        "https://github.com/SystemRage/py-kms/issues/36",
        frozenset(
            {
                "binding/address-of-another-family",
                "construction/family-of-an-instance",
                "construction/subclass-attributes-are-honoured",
            }
        ),
    ),
    "process is multi-threaded, use of fork() may lead to deadlocks in the child": (
        "https://github.com/ARPA-SIMC/arkimet/issues/364",
        frozenset({"forking/fork-warning"}),
    ),
    "wfile partial write, the end of a big response is missing": (
        "https://github.com/eventlet/eventlet/issues/295",
        frozenset(
            {
                "handlers/wfile-sends-everything",
                "handlers/wfile-sends-everything-despite-signals",
                "streams/large-reply-to-a-slow-reader",
            }
        ),
    ),
    "shutdown should stop serve_forever() immediately": (
        "https://github.com/python/cpython/issues/88932",
        frozenset({"serving/shutdown-of-an-idle-loop"}),
    ),
    "socketserver can't stop, shutdown from the handler deadlocks": (
        "https://github.com/python/cpython/issues/57958",
        frozenset(
            {"serving/shutdown-in-the-loops-own-thread", "threading/shutdown-from-a-handler"}
        ),
    ),
    "one more request is processed after shutdown() was called": (
        "https://bugs.python.org/issue35017",
        frozenset(
            {
                "serving/request-after-shutdown-is-not-accepted",
                "serving/request-waiting-at-shutdown",
            }
        ),
    ),
    "server_close() now blocks, need the old non-blocking behaviour": (
        "https://github.com/python/cpython/issues/77721",
        frozenset(
            {
                "forking/block-on-close-false-does-not-wait",
                "threading/block-on-close-false-does-not-wait",
                "threading/open-connection-at-server-close",
                "threading/server-close-waits-for-threads",
                "threading/server-close-while-a-handler-runs",
            }
        ),
    ),
    "sys.exit() in a request handler is swallowed": (
        "https://bugs.python.org/issue23430",
        frozenset(
            {
                "errors/exit-reaches-the-caller",
                "errors/system-exit-calls-handle-error",
                "errors/system-exit-is-not-an-error",
                "threading/exit-in-a-thread-leaves-server-serving",
            }
        ),
    ),
    "ThreadingMixIn does not honour daemon_threads = False": (
        "https://bugs.python.org/issue13140",
        frozenset({"threading/daemon-threads-is-honoured"}),
    ),
    "second instance starts on a port that is taken, no error, requests go to the other one": (
        "https://github.com/python/cpython/issues/127319",
        frozenset(
            {
                "binding/address-in-use",
                "binding/reuse-address-keeps-a-listener",
                "binding/reuse-port-off-by-default",
                "binding/reuse-port-serves-every-client",
                "binding/reuse-port-shares-a-port",
            }
        ),
    ),
    "Operation not supported: allow_reuse_port with a Unix socket": (
        "https://github.com/python/cpython/issues/128916",
        frozenset({"binding/reuse-port-on-a-unix-server"}),
    ),
    "TCPServer leaks the socket when bind fails, ResourceWarning": (
        "https://bugs.python.org/issue22435",
        frozenset(
            {
                "construction/failed-bind-calls-server-close",
                "construction/failed-bind-leaves-nothing-open",
            }
        ),
    ),
    "verify_request rejects the client but the connection is not closed": (
        "https://bugs.python.org/issue26309",
        frozenset(
            {"dispatch/refused-request-is-closed", "resources/refused-requests-leave-nothing"}
        ),
    ),
    "Nagle delay, every small response takes 40 ms": (
        "https://bugs.python.org/issue6192",
        frozenset({"handlers/disable-nagle-sets-nodelay"}),
    ),
    "1,000 connections create 1,000 threads": (
        "https://github.com/brandon-rhodes/fopnp/issues/20",
        frozenset(
            {
                "resources/failed-thread-start-is-the-requests-error",
                "threading/many-requests-at-once",
            }
        ),
    ),
    "ValueError: filedescriptor out of range in select()": (
        "https://github.com/python/cpython/issues/75791",
        frozenset({"resources/descriptors-above-select", "serving/many-descriptors"}),
    ),
}
