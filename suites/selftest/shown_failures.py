"""The failures of named mutants that scripts show: each stands for a kind of them."""

from __future__ import annotations

import sys

__all__ = ["SHOWN"]

DOCUMENTED = "is-a-limit" if sys.version_info >= (3, 13) else "limits"

# The name of the mutant, and the case.
SHOWN: list[tuple[str, str]] = [
    ("refused-request-stays-open", "dispatch/refused-request-is-closed[TCP/inet6]"),
    ("handled-request-is-kept", "dispatch/handled-request-is-shut-down[TCP/inet]"),
    (
        "get-request-gives-the-servers-address",
        "dispatch/get-request-returns-request-and-address[TCP/inet]",
    ),
    ("datagram-closes-the-server", "dispatch/closed-datagram-leaves-the-server-open[UDP/inet]"),
    ("verify-request-returns-one", "dispatch/verify-request-default-is-true[TCP/inet]"),
    ("shutdown-does-not-wait", "serving/shutdown-waits-for-the-loop[UDP/inet]"),
    ("timeout-is-not-told", "serving/handle-request-times-out[TCP/inet6]"),
    ("port-stays-zero", "construction/ephemeral-port-is-known[UDP/inet]"),
    (
        "with-gives-nothing",
        "construction/context-manager-returns-the-server[UnixDatagram/abstract]",
    ),
    ("reuse-address-is-always-on", "binding/reuse-address-off-by-default[TCP/inet6]"),
    ("waiting-datagrams-are-joined", "datagrams/one-datagram-one-request[UDP/inet6]"),
    ("max-packet-size-is-ignored", "datagrams/max-packet-size-truncates[UDP/inet,lowered]"),
    ("reply-goes-to-the-first-client", "datagrams/interleaved-senders-get-their-own[UDP/inet]"),
    (
        "unix-client-is-not-answered",
        "unix/bound-datagram-client-gets-reply[ThreadingUnixDatagram/abstract]",
    ),
    ("missing-folder-is-made", "unix/path-in-missing-directory[UnixStream/path]"),
    (
        "abstract-name-becomes-a-path",
        "unix/abstract-name-does-not-create-a-file[UnixStream/abstract]",
    ),
    ("only-the-first-write-is-sent", "streams/reply-in-two-writes[TCP/inet]"),
    ("line-takes-the-rest-with-it", "streams/coalesced-requests[TCP/inet]"),
    (
        "half-closed-handler-is-deaf",
        "streams/half-close-by-server-is-end-of-stream[UnixStream/path]",
    ),
    ("request-is-cut-at-a-limit", "streams/large-request-arrives-whole[TCP/inet]"),
    ("write-returns-nothing", "handlers/wfile-write-returns-the-count[TCP/inet]"),
    ("nagle-stays-on", "handlers/disable-nagle-sets-nodelay[TCP/inet,on]"),
    ("handler-gets-the-servers-socket", "handlers/attributes-are-set[TCP/inet]"),
    ("exception-ends-the-loop", "errors/exception-leaves-server-serving[UDP/inet]"),
    ("traceback-is-left-out", "errors/traceback-is-printed[TCP/inet]"),
    (
        "setup-errors-are-swallowed",
        "errors/exception-in-setup-calls-handle-error[UnixStream/abstract]",
    ),
    (
        "handle-error-gets-the-servers-address",
        "errors/handle-error-gets-request-and-address[TCP/inet6]",
    ),
    ("children-run-one-at-a-time", "forking/requests-run-at-once[ForkingUDP/inet]"),
    ("handler-runs-in-the-parent", "forking/handler-runs-in-a-child[ForkingTCP/inet6]"),
    (
        "error-in-a-child-stops-the-listener",
        "forking/error-in-a-child-leaves-server-serving[ForkingTCP/inet]",
    ),
    ("threads-run-one-at-a-time", "threading/requests-run-at-once[ThreadingUDP/inet]"),
    (
        "handler-runs-in-the-loops-thread",
        "threading/handler-runs-in-its-own-thread[ThreadingTCP/inet]",
    ),
    (
        "threads-outlive-server-close",
        "threading/server-close-waits-for-threads[Threading+TCP/inet]",
    ),
    (
        "request-leaves-a-watchdog-thread",
        "threading/server-close-waits-for-threads[ThreadingTCP/inet]",
    ),
    ("exported-name-is-misspelt", "names/exported-names-exist"),
    ("poll-interval-is-shorter", "names/poll-interval-default"),
    ("base-server-forgets-to-close", "dispatch/base-server-closes-requests"),
    ("rfile-is-a-raw-file", "handlers/rfile-is-a-readable-file[TCP/inet]"),
    ("handler-is-used-again", "handlers/one-instance-per-request[TCP/inet]"),
    ("failed-bind-bypasses-server-close", "construction/failed-bind-calls-server-close[TCP/inet]"),
    ("address-is-always-a-pair", "construction/server-address-has-the-familys-shape[TCP/inet6]"),
    ("unix-path-is-taken-over", "unix/path-exists-in-use[UnixStream/path,a-file]"),
    ("unix-path-is-taken-over", "unix/path-exists-in-use[UnixStream/path,a-server]"),
    ("refused-path-is-removed", "unix/path-exists-in-use[UnixStream/path,a-file]"),
    ("refused-path-is-removed", "unix/stale-socket-is-in-use[UnixStream/path,plain]"),
    ("file-in-the-way-is-removed", "unix/path-below-a-file[UnixStream/path]"),
    ("queue-is-cut-to-ten", "streams/twenty-clients-at-once[UnixStream/path]"),
    ("path-of-a-hundred-octets-is-too-long", "unix/longest-name[UnixStream/path]"),
    ("base-finish-forgets-the-request", "handlers/base-methods-do-nothing[TCP/inet]"),
    ("interrupted-write-is-cut", "handlers/wfile-sends-everything-despite-signals[TCP/inet]"),
    (
        "request-without-a-thread-is-forgotten",
        "resources/failed-thread-start-is-the-requests-error[ThreadingTCP/inet]",
    ),
    ("lack-of-descriptors-ends-the-loop", "resources/loop-survives-lack-of-descriptors[TCP/inet]"),
    (
        "max-children-counts-its-group",
        f"forking/max-children-{DOCUMENTED}[ForkingTCP/inet,leads-a-process-group]",
    ),
    ("exit-cuts-handlers-off", "threading/interpreter-exit-waits-for-handlers[ThreadingTCP/inet]"),
    ("exit-waits-for-daemons", "threading/interpreter-exit-leaves-daemons[ThreadingTCP/inet]"),
    (
        "handler-gets-the-servers-address",
        "dispatch/finish-request-instantiates-the-handler[TCP/inet]",
    ),
    (
        "exit-in-a-child-shuts-the-listener",
        "forking/exit-in-a-child-leaves-server-serving[ForkingTCP/inet,SystemExit]",
    ),
    (
        "datagram-reply-is-the-first-write",
        "handlers/one-service-for-streams-and-datagrams[TCP/inet6]",
    ),
    ("server-close-keeps-listening", "serving/server-close-frees-the-address[TCP/inet]"),
    (
        "oversized-reply-closes-the-socket",
        "datagrams/oversized-reply-leaves-server-serving[UnixDatagram/path]",
    ),
    ("stale-socket-is-removed", "unix/stale-socket-is-in-use[UnixDatagram/path,reuse-address]"),
    ("path-loses-its-odd-octets", "unix/path-of-undecodable-bytes[UnixStream/path]"),
    ("reset-ends-the-loop", "streams/client-leaves-the-reply-unread[TCP/inet]"),
    ("half-close-ends-both-ways", "streams/half-close-by-server-is-end-of-stream[TCP/inet6]"),
    ("exits-become-system-exit", "errors/exit-reaches-the-caller[UDP/inet,GeneratorExit]"),
    ("exits-become-system-exit", "errors/exit-reaches-the-caller[UDP/inet,SystemExit]"),
    (
        "datagram-request-is-the-other-way-round",
        "handlers/datagram-request-is-a-pair[ThreadingUnixDatagram/path]",
    ),
    (
        "failed-bind-closes-on-oserror-alone",
        "construction/failed-activation-closes[UnixStream/path,an-override-is-interrupted]",
    ),
    ("relative-path-is-taken-from-elsewhere", "unix/relative-path[UnixDatagram/path]"),
    (
        "datagram-server-closes-its-socket",
        "datagrams/one-datagram-one-request[UDP/inet]",
    ),
    (
        "datagram-server-closes-its-socket",
        "datagrams/one-datagram-one-request[UnixDatagram/path]",
    ),
    (
        "datagram-has-a-copy-of-the-socket",
        "resources/datagrams-are-served-without-free-descriptor[ThreadingUDP/inet]",
    ),
    ("second-shutdown-does-not-wait", "serving/shutdown-by-two-threads[UnixStream/path]"),
    ("request-is-cut-at-megabytes", "streams/megabytes-both-ways-at-once[TCP/inet]"),
    ("request-is-cut-at-megabytes", "streams/megabytes-there-and-back[TCP/inet]"),
    (
        "forbidden-path-becomes-a-name",
        "unix/directory-without-permission[UnixStream/path,not-writable]",
    ),
    (
        "failed-datagram-closes-the-socket",
        "datagrams/requests-leave-the-socket-open[UnixDatagram/path]",
    ),
    (
        "request-is-accepted-with-its-first-octet",
        "tls/silent-client-stops-no-other[ThreadingTCP/inet,setup]",
    ),
    ("handshake-error-ends-the-loop", "tls/failed-handshake-in-the-loop[TCP/inet,listening]"),
    (
        "client-of-a-failed-handshake-stays-connected",
        "tls/failed-handshake-in-the-handler[TCP/inet,deferred]",
    ),
    (
        "connection-is-what-was-accepted",
        "tls/handler-that-wraps-its-request[ForkingTCP/inet,tls1.2]",
    ),
    ("client-that-comes-again-is-refused", "tls/client-with-a-session[TCP/inet,tls1.3]"),
    ("not-permitted-ends-the-loop", "tls/name-that-nobody-has[TCP/inet,listening]"),
    ("request-is-a-view-of-tls", "tls/agreed-protocol[TCP/inet,get_request]"),
]
