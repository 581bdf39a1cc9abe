"""Events and values as JSON. Runs inside the process under test; Python 2.7 and 3.x."""

from __future__ import absolute_import

import errno
import json
import os
import select
import sys
import threading
import time

# Bound before any preload can patch them: a green os.write refuses two writers at once.
_write = os.write
_getpid = os.getpid
_thread = threading.current_thread
clock = getattr(time, "monotonic", time.time)

# A write to a pipe up to this size is never torn apart (POSIX: PIPE_BUF; 4096 on Linux).
ATOMIC_OCTETS = max(getattr(select, "PIPE_BUF", 512), 4096)
EXCERPT_OCTETS = 256
# JSON text inside JSON at most doubles its quotes: such a part still is one atomic line.
PART_CHARACTERS = 1500

if sys.version_info[0] == 2:
    text_type = unicode  # type: ignore[name-defined]  # noqa: F821
    _integers = (int, long)  # type: ignore[name-defined]  # noqa: F821
else:
    text_type = str
    _integers = (int,)


class Pipe(object):
    """Where this process writes its events: one pipe for all threads and forked children."""

    fd = -1


def emit(event, **fields):
    """Write one event as a single atomic line, so that the order in the pipe is one order."""
    fields["e"] = event
    fields["t"] = clock()
    fields["p"] = _getpid()
    fields["th"] = _thread().name
    line = _line(fields)
    if len(line) > ATOMIC_OCTETS:
        kept = dict((key, fields[key]) for key in ("e", "t", "p", "th"))
        kept["truncated_octets"] = len(line)
        line = _line(kept)
    _write_line(line)


def reply(seq, outcome, value):
    """Answer command ``seq``; an answer too long for one atomic line goes out in parts."""
    line = _line({"r": outcome, "seq": seq, "value": value})
    if len(line) <= ATOMIC_OCTETS:
        return _write_line(line)
    text = json.dumps(value)
    for start in range(0, len(text), PART_CHARACTERS):
        _write_line(_line({"r": "part", "seq": seq, "text": text[start : start + PART_CHARACTERS]}))
    return _write_line(_line({"r": outcome, "seq": seq, "parts": True}))


def flush():
    """Whatever was printed so far goes out."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (EnvironmentError, ValueError):  # closed by what was tested
            pass


def _line(fields):
    return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"


def _write_line(line):
    while True:
        try:
            return _write(Pipe.fd, line)
        except EnvironmentError as error:
            if error.errno != errno.EINTR:  # Python 2 does not retry (PEP 475)
                raise


def octets(data):
    # type: (bytes) -> dict[str, object]
    """What is told of a payload: its length, its digest, and the first octets of it."""
    data = bytes(data)
    shown = {"length": len(data), "text": data[:EXCERPT_OCTETS].decode("latin-1")}
    if len(data) > EXCERPT_OCTETS:
        import hashlib  # loads OpenSSL, which few cases need, and every fork would carry

        shown["sha256"] = hashlib.sha256(data).hexdigest()
    return shown


def describe_error(error):
    """An exception as plain data: ``type``, ``bases``, ``errno``, ``errno_name``, ``text``. An
    SSLError has a number of OpenSSL's there, which is no errno."""
    number = getattr(error, "errno", None)
    bases = [cls.__name__ for cls in getattr(type(error), "__mro__", ())]
    is_of_system = "SSLError" not in bases
    return {
        "type": type(error).__name__,
        "bases": bases,
        "errno": number if is_of_system and isinstance(number, _integers) else None,
        "errno_name": errno.errorcode.get(number or 0, "") if is_of_system else "",
        "text": _as_text(error)[:500],
    }


def way_of_the_error():
    """Where the exception that is being handled was raised, and what had called that: a line for
    each frame, innermost last. No file is read for it."""
    trace, lines = sys.exc_info()[2], []
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append(
            'File "%s", line %d, in %s' % (code.co_filename, trace.tb_lineno, code.co_name)
        )
        trace = trace.tb_next
    return "\n".join(lines[-20:])


def encode(value):
    """A value as JSON that :func:`decode` (and the harness) can turn back; else its repr."""
    if value is None or isinstance(value, (bool, float)) or isinstance(value, _integers):
        return value
    if isinstance(value, text_type):
        return value
    if isinstance(value, str):  # Python 2: octets and text are one type, and mostly text
        return _text(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"$octets": bytes(value).decode("latin-1")}
    if isinstance(value, tuple):
        return {"$tuple": [encode(item) for item in value]}
    if isinstance(value, (list, set, frozenset)):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return dict((_as_text(key), encode(item)) for key, item in value.items())
    return {"$repr": _text(repr(value))[:300], "$type": type(value).__name__}


def decode(value):
    """The reverse of :func:`encode`; ``{"$fill": [octets, seed]}`` stands for a long payload."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$octets" in value:
        return value["$octets"].encode("latin-1")
    if "$tuple" in value:
        return tuple(decode(item) for item in value["$tuple"])
    if "$fill" in value:
        return fill(*value["$fill"])
    return dict((key, decode(item)) for key, item in value.items())


def fill(length_octets, seed=0):
    # type: (int, int) -> bytes
    """A payload in which every loss, repetition or exchange of octets shows: numbered lines."""
    blocks = length_octets // 64 + 1
    text = "".join("%012d %04d %s\n" % (n, seed, "=" * 45) for n in range(blocks))
    return text[:length_octets].encode("ascii")


def _text(text):
    return text.decode("latin-1") if isinstance(text, bytes) else text


def _as_text(value):
    """What ``str()`` gives, also of what Python 2 cannot turn into octets, or nobody into text."""
    try:
        return _text(str(value))
    except UnicodeError:
        return text_type(value)
    except Exception as error:
        return "str() raises %s" % type(error).__name__
