"""The functions of scripts that clients are made with; Python 2.7 and 3 alike."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CLIENT_FUNCTIONS"]

CLIENT_FUNCTIONS: Mapping[str, str] = {
    "connect": '''
def connect(address, family=socket.AF_INET):
    """A client, connected."""
    client = socket.socket(family, socket.SOCK_STREAM)
    client.settimeout(HANG_S)
    client.connect(address)
    return client
''',
    "connect_by_messages": '''
def connect_by_messages(address, family):
    """A client, connected, each of whose sends is a message."""
    client = socket.socket(family, socket.SOCK_SEQPACKET)
    client.settimeout(HANG_S)
    client.connect(address)
    return client
''',
    "connect_at_once": '''
def connect_at_once(client, address):
    """The errno with which connecting without waiting fails, by name; empty if it does not."""
    client.setblocking(False)
    number = client.connect_ex(address)
    if number == errno.EINPROGRESS and select.select([], [client], [], 0)[1]:
        number = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    client.settimeout(HANG_S)
    return errno.errorcode.get(number, "")
''',
    "sender": '''
def sender(family, own_address=None):
    """A client that sends datagrams."""
    client = socket.socket(family, socket.SOCK_DGRAM)
    client.settimeout(HANG_S)
    if own_address is not None:
        client.bind(own_address)
    return client
''',
    "receive": '''
def receive(client, size=1 << 30):
    """So many octets, or fewer and how the stream ended before."""
    data, part = b"", b"?"
    try:
        while len(data) < size and part:
            part = client.recv(min(size - len(data), 65536))
            data += part
    except socket.error as error:
        return data, "timeout" if isinstance(error, socket.timeout) else "reset"
    return data, "" if part else "end of stream"
''',
    "receive_datagram": '''
def receive_datagram(client):
    """The next datagram and its sender, or what comes instead."""
    try:
        return client.recvfrom(1 << 20)
    except socket.timeout:
        return "nothing", None
    except socket.error as error:
        return "error", errno.errorcode.get(error.errno, "")
''',
    "arrived": '''
def arrived(client):
    """The datagrams that are here already."""
    found = []
    while select.select([client], [], [], 0)[0]:
        found.append(client.recv(1 << 20))
    return found
''',
    "reset": '''
def reset(client):
    """Close it so that the other side is reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
''',
    "is_over": '''
def is_over(client):
    """Whether the connection comes to be closed both ways, or reset."""
    poller = select.poll()
    poller.register(client, 0)
    return bool(poller.poll(HANG_S * 1000))
''',
    "fill": '''
def fill(size, seed):
    """Octets in which any loss or exchange shows: numbered lines."""
    lines = ("%012d %04d %s\\n" % (n, seed, "=" * 45) for n in range(size // 64 + 1))
    return "".join(lines)[:size].encode("ascii")
''',
}
"""By name: the source text."""
