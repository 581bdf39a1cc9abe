"""What files of sockets tell where nobody says what: made by hand, closed, after a timeout."""

from __future__ import annotations

from fixtures import (
    Fill,
    Kept,
    ModuleUnderTest,
    Observe,
    requirement,
)
from suites.socket.scenes import file_with, memory_with

_MODES = ("r", "w", "rw", "rb", "wb", "rwb", "x", "")


@requirement("socket/files-made-by-hand")
def test_files_made_by_hand_are_recorded(tested: ModuleUnderTest, observe: Observe) -> None:
    """SocketIO of each mode, by itself and beside another; and a makefile() without a direction."""
    a, _ = tested.pair()
    for mode in _MODES:
        made = tested.attempt("SocketIO", a.kept, mode, keep="file")
        file = tested.held("file")
        can = ("readable", "writable")
        observe(mode or "none", str(made.error or [file.do(name) for name in can]))
    for mode in ("b", ""):
        made = a.attempt("makefile", mode, keep="file")
        told = made.error or type(tested.held("file").attempt("readable").value).__name__
        observe(f"makefile({mode!r})", str(told))
    for mode in ("rb", "wb"):
        a.do("makefile", mode, buffering=0, keep=mode)
    both = [tested.library("builtins").do("getattr", Kept(m), "mode", "") for m in ("rb", "wb")]
    observe("modes of two at once", str(both))


@requirement("socket/words-of-closed-files")
def test_words_of_closed_files_are_recorded(tested: ModuleUnderTest, observe: Observe) -> None:
    """And of one that is read again after a timeout."""
    a, _ = tested.pair()
    a.do("settimeout", 0.05)
    a.do("makefile", "rb", buffering=0, keep="reading")
    a.do("makefile", "wb", buffering=0, keep="writing")
    reading, writing = tested.held("reading"), tested.held("writing")

    for name in ("first", "second"):
        observe(f"{name} read", str(reading.refused("read", 1)))
    reading.do("close")
    writing.do("close")
    observe("read of a closed one", str(reading.attempt("read", 1).error))
    observe("write to a closed one", str(writing.attempt("write", b"x").error))


_HOLDS = """
import gc, weakref
first, second = tested.socketpair()
file, found = first.makefile("rb", buffering=0), weakref.ref(first)
first.close()
file.close()
del first
gc.collect()
"""


@requirement("socket/closed-file-lets-its-socket-go")
def test_whether_a_closed_file_holds_its_socket_is_recorded(
    tested: ModuleUnderTest, observe: Observe
) -> None:
    """Once nobody else does."""
    tested.execute(_HOLDS)

    observe("the socket", "is held" if tested.value_of("found() is not None") else "is gone")
    tested.execute("second.close()")


@requirement("socket/words-of-sendfile")
def test_words_of_sendfile_are_recorded(tested: ModuleUnderTest, observe: Observe) -> None:
    """Of a timeout, of a socket that does not wait, and of two faults at once."""
    a, _ = tested.pair()
    a.do("settimeout", 0.05)
    for name, made in {"of the system": file_with, "in memory": memory_with}.items():
        file = made(tested, Fill(4_000_000))
        observe(f"timeout, {name}", str(a.refused("sendfile", file.kept)))
        a.do("setblocking", False)
        observe(f"does not wait, {name}", str(a.refused("sendfile", file.kept)))
        a.do("settimeout", 0.05)
    udp = tested.datagram("udp")
    tested.library("tempfile").do("TemporaryFile", "w+", keep="file_of_text")
    observe("text and datagrams", str(udp.refused("sendfile", Kept("file_of_text"))))
    observe("datagrams and no count", str(udp.refused("sendfile", Kept("file"), 0, 0)))


@requirement("socket/numbers-of-errors-in-the-module")
def test_numbers_of_errors_are_recorded(tested: ModuleUnderTest, observe: Observe) -> None:
    """Those that the module has, of which none is documented."""
    for name in ("EBADF", "EAGAIN", "EWOULDBLOCK"):
        observe(name, str(tested.value_of(f"getattr(tested, {name!r}, None)")))


# In a program of its own, since only its beginning can ask for such warnings.
_ENCODING = """
import importlib.util, sys, warnings
spec = importlib.util.spec_from_file_location("tested", sys.argv[1])
tested = sys.modules["tested"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tested)
first, second = tested.socketpair()
for mode in ("rb", "r"):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", EncodingWarning)
        file = first.makefile(mode)
    whose = ["of the program" if one.filename == "<string>" else "of others" for one in told]
    print(mode, *whose, sep=", ")
    file.close()
first.close(), second.close()
"""


@requirement("socket/warnings-of-a-file-of-text")
def test_warnings_of_a_file_of_text_are_recorded(tested: ModuleUnderTest, observe: Observe) -> None:
    """Whose line it is that makes a file without an encoding, where the program asks for that."""
    tested.pair()[0].do("makefile", "r", keep="file")  # which the file is about
    path, python = tested.value_of("(tested.__file__, __import__('sys').executable)")
    given = [python, "-X", "warn_default_encoding", "-c", _ENCODING, path]

    tested.library("subprocess").do("run", given, stdout=-1, stderr=-1, keep="ended")

    of_it = tested.library("builtins")
    observe("status", of_it.do("getattr", Kept("ended"), "returncode"))
    observe("warnings", of_it.do("getattr", Kept("ended"), "stdout").decode().splitlines())
