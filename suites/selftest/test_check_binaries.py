"""Servers that others wrote, as packages have them: nothing is wrong with one, or it is known.

Of a version that was looked at, all is found again; of another one nothing else is said.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from sockproof.judge.verdict import Verdict
from suites.selftest.checked import CHECK, rows_of
from suites.selftest.runs import Mark, living, sockproof_

_NGINX = """
d=$(mktemp -d) && cat > "$d/conf" <<END
daemon off; worker_processes 1; pid $d/pid; error_log $d/log; user root;
events { worker_connections 512; }
http { access_log off; client_body_temp_path $d/a; proxy_temp_path $d/b; fastcgi_temp_path $d/c;
uwsgi_temp_path $d/d; scgi_temp_path $d/e;
server { listen 127.0.0.1:$1; location / { return 200 "hi"; } } }
END
exec nginx -c "$d/conf" -p "$d"
"""
_UDP, _UNIXGRAM = ("--listens", "udp:127.0.0.1:0"), ("--listens", "unixgram:")


@dataclass(frozen=True)
class PackagedServer:
    """``wrong`` are the cases that fail on the version whose words ``version`` prints; of these,
    ``by_chance`` are those that do so at most times."""

    name: str
    words: tuple[str, ...]
    version: tuple[str, str]
    options: tuple[str, ...] = ()
    wrong: frozenset[str] = frozenset()
    by_chance: frozenset[str] = frozenset()

    @property
    def program(self) -> str:
        return self.version[0].partition(" ")[0]

    @property
    def is_as_known(self) -> bool:
        """Whether it is the version that was looked at."""
        run = subprocess.run(self.version[0].split(), capture_output=True, text=True)
        return self.version[1] in run.stdout + run.stderr


_REDIS, _NCAT = ("redis-server --version", "v=7.0.15"), ("ncat --version", "7.93")
_SOCAT, _BUSYBOX = ("socat -V", "version 1.7.4.4"), ("busybox", "v1.35.0")
_FREES = frozenset(f"stop-frees-the-address[{who}]" for who in ("idle", "silent client"))
_AGAIN = frozenset(f"starts-again-at-once[{who}]" for who in ("idle", "silent client"))
_BUSY = frozenset({"stop-frees-the-address[busy client]"})
# ncat leaves a child for about every other client, up to its hundred connections: it depends on
# when that bound is met whether they are taken for a pool's.
_UNREAD = frozenset({"leaving-clients-leave-nothing[unread answers]"})


def _packaged(
    name: str, words: str, version: tuple[str, str], *wrong: str, options: tuple[str, ...] = ()
) -> PackagedServer:
    return PackagedServer(name, tuple(words.split()), version, options, frozenset(wrong))


SERVERS = (
    _packaged("redis", "redis-server --port {port} --bind 127.0.0.1", _REDIS),
    _packaged(
        "redis at a path", "redis-server --port 0 --unixsocket {path}", _REDIS,
        "address-in-use-is-told",
    ),
    PackagedServer("nginx", ("sh", "-c", _NGINX, "nginx", "{port}"), ("nginx -v", "1.22.1")),
    _packaged("busybox httpd", "busybox httpd -f -p 127.0.0.1:{port} -h .", _BUSYBOX),
    _packaged("ncat", "ncat -lk 127.0.0.1 {port}", _NCAT),
    _packaged("ncat, udp", "ncat -lku 127.0.0.1 {port} -e /bin/cat", _NCAT, options=_UDP),
    PackagedServer(
        "ncat, cat at a path", ("ncat", "-lkU", "{path}", "-e", "/bin/cat"), _NCAT,
        wrong=_FREES | _BUSY | _AGAIN | {"programs-inherit-nothing", *_UNREAD}, by_chance=_UNREAD,
    ),
    _packaged("socat", "socat TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr EXEC:cat", _SOCAT),
    _packaged(
        "socat, no reuseaddr", "socat TCP-LISTEN:{port},bind=127.0.0.1,fork PIPE", _SOCAT,
        "starts-again-at-once[silent client]",
    ),
    _packaged(
        "socat, udp", "socat UDP-RECVFROM:{port},bind=127.0.0.1,fork PIPE", _SOCAT,
        "garbage-is-survived[nothing]", options=_UDP,
    ),
    _packaged(
        "socat, datagrams at a path", "socat UNIX-RECVFROM:{path},fork PIPE", _SOCAT,
        "garbage-is-survived[nothing]", options=_UNIXGRAM,
    ),
)  # fmt: skip


@pytest.mark.by_turns(len(SERVERS))
@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_what_is_known_is_found_and_nothing_else(tmp_path: Path, server: PackagedServer) -> None:
    """Whatever the server is written in."""
    if not shutil.which(server.program):
        pytest.skip(f"no {server.program} on this machine")
    mark = Mark.new()

    ended = sockproof_(tmp_path, *CHECK, *server.options, "--", *server.words, **mark.variables)

    wrong = {name for name, row in rows_of(tmp_path).items() if row.verdict is Verdict.FAIL}
    assert list(living(mark)) == []
    assert wrong <= server.wrong, ended
    if server.is_as_known:
        assert server.wrong - wrong <= server.by_chance, ended
    assert ended.status == bool(wrong), ended
