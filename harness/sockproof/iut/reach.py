"""Whether an implementation's surroundings let it be judged: found out by doing everything once,
with plain sockets and nothing of what is tested. What stands in the way is no fault of it.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sockproof.errors import IutUnavailable
from sockproof.iut.addresses import Addresses, admit_others, short_temporary_folder
from sockproof.iut.process import CaseProcess
from sockproof.own_folder import own_folder
from sockproof.timing import hang_bound_s

__all__ = ["note_lookups", "own_addresses", "refuse_few_processes", "why_out_of_reach"]

_TOKEN = b"sockproof\n"
# As many as a modest case has at once.
_THREADS, _CHILDREN = 4, 3
_TRY_PROCESSES = """
from _sockproof_agent.child import _fork, _waitpid
done, started, children = threading.Event(), [], []
try:
    for _ in range({threads}):
        started.append(threading.Thread(target=done.wait))
        started[-1].start()
    for _ in range({children}):
        child = _fork()
        if child == 0:
            os._exit(0)
        children.append(child)
finally:
    done.set()
    for thread in [one for one in started if one.ident]:
        thread.join()
    for child in children:
        _waitpid(child, 0)
"""
_LISTEN = """
listener = socket.socket(getattr(socket, {family!r}))
listener.bind({address!r})
listener.listen(5)
listener.settimeout({bound_s})
"""
_ANSWER = """
answering, _ = listener.accept()
answering.sendall({token!r})
answering.close()
listener.close()
"""
_ALONE = """
alone = socket.socket(getattr(socket, {family!r}))
alone.settimeout({bound_s})
alone.connect(listener.getsockname())
alone.close()
listener.close()
"""
_SEND = """
sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sender.sendto({token!r}, {address!r})
sender.close()
"""
# Looks are noted, and answered by what is known here: none of them leaves the machine.
_NOTE_LOOKUPS = """
def known_here(address):
    try:
        with open("/etc/hosts") as hosts:
            lines = [line.split("#")[0].split() for line in hosts]
    except EnvironmentError:
        return False
    return address in [line[0] for line in lines if len(line) > 1]

def noting(own):
    def look(address, *more):
        looked_up.append(address)
        if not known_here(address):
            raise socket.herror(1, "Unknown host")
        return own(address, *more)
    return look

looked_up = []
socket.gethostbyaddr = noting(socket.gethostbyaddr)
"""


def note_lookups(process: CaseProcess) -> None:
    """From now on the process notes in ``looked_up`` which addresses' names it asks for, and tells
    with ``known_here(address)`` whether one is known without a name server."""
    process.do("execute", source=_NOTE_LOOKUPS)


def refuse_few_processes(given: str, process: CaseProcess, *, forks: bool) -> None:
    """Have it start a few threads, and children if it ``forks``.

    Raises:
        IutUnavailable: it may not.
    """
    children = _CHILDREN if forks else 0
    source = _TRY_PROCESSES.format(threads=_THREADS, children=children)
    error = process.do("execute", source=source).error
    if error is not None:
        asked = f"{_THREADS} threads{f' and {children} children' if forks else ''}"
        raise IutUnavailable(
            f"{given}: it cannot start {asked}: {error}",
            "raise its limit on processes (ulimit -u), or end others of its user",
        )


@contextmanager
def own_addresses() -> Iterator[Addresses]:
    """Addresses as the worker of a run has them, in a folder of their own."""
    with own_folder(short_temporary_folder()) as parent:
        yield Addresses(parent)


def why_out_of_reach(process: CaseProcess, family: str, addresses: Addresses) -> str:
    """Why no server at an address of this family can be reached from here, in words; empty if one
    can. Of paths, the folder is opened to others if that helps."""
    if family != "path":
        host = {"inet": "127.0.0.1", "inet6": "::1"}.get(family)
        return _why_no_connection(process, family, (host, 0) if host else addresses.server(family))
    why = _why_no_path(process, addresses)
    if why and not addresses.is_open:
        addresses.open_to_others()
        why = _why_no_path(process, addresses)
    return why


def _why_no_path(process: CaseProcess, addresses: Addresses) -> str:
    """Both ways: what it binds is connected to, and what is bound here gets a datagram."""
    if why := _why_no_connection(process, "path", addresses.server("path")):
        return why
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
        address = addresses.server("path")
        own.bind(address)
        admit_others(address)
        error = process.do("execute", source=_SEND.format(token=_TOKEN, address=address)).error
    return f"it cannot send to a path below {short_temporary_folder()}: {error}" if error else ""


def _why_no_connection(process: CaseProcess, family: str, address: Any) -> str:
    named = {"inet": "AF_INET", "inet6": "AF_INET6"}.get(family, "AF_UNIX")
    listen = _LISTEN.format(family=named, address=address, bound_s=hang_bound_s())
    if error := process.do("execute", source=listen).error:
        below = f"a path below {short_temporary_folder()}"  # no name of a folder that is no more
        return f"it cannot listen at {below if family == 'path' else repr(address)}: {error}"
    bound = process.do("evaluate", expression="listener.getsockname()").value
    problem = _problem(process, socket.AddressFamily[named], bound)
    if not problem:
        return ""
    alone = process.do("execute", source=_ALONE.format(family=named, bound_s=hang_bound_s()))
    if named == "AF_UNIX":
        return f"it listens where nobody finds it from here: {problem}"
    if alone.error is not None:
        return f"its network does not work: {alone.error}"
    return f"it is in another network than sockproof: {problem}"


def _problem(process: CaseProcess, family: socket.AddressFamily, address: Any) -> str:
    """What goes wrong when whatever listens in the process is asked for its token."""
    with socket.socket(family) as client:
        client.settimeout(hang_bound_s())
        try:
            client.connect(address)
            if error := process.do("execute", source=_ANSWER.format(token=_TOKEN)).error:
                return str(error)
            came = client.recv(len(_TOKEN))
        except OSError as error:
            return str(error)
    return "" if came == _TOKEN else "somebody else answers there"
