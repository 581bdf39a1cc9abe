"""Programs that end while a handler of their threading server runs: do they wait for it?"""

from __future__ import annotations

from typing import Any

from fixtures import END_OF_STREAM, Construct, Programs, StreamPeer, check, requirement, same

# At its exit it says in how many threads handlers still run.
PROGRAM = """
import atexit, threading

class Handler(find("StreamRequestHandler")):
    def handle(self):
        threads.append(threading.current_thread())
        in_handler.set()
        self.wfile.write(self.rfile.readline())

class Server(find("ThreadingTCPServer")):
    daemon_threads = {daemonic}

def at_exit():
    say(running=sum(thread.is_alive() for thread in threads))

atexit.register(at_exit)
threads = []
in_handler = threading.Event()
server = Server({address!r}, Handler)
say(address=list(server.server_address))
server.handle_request()
in_handler.wait()
say(main="ends")
"""


def _source(address: Any, *, daemonic: bool) -> str:
    return PROGRAM.format(address=tuple(address), daemonic=daemonic)


@requirement("threading/interpreter-exit-waits-for-handlers")
def test_program_exits_after_its_handlers(
    programs: Programs, construct: Construct, client: StreamPeer
) -> None:
    """The client that a handler waits for is answered after the main thread's end, and no handler's
    thread runs any more when the program exits."""
    program = programs(_source(construct.new_address(), daemonic=False))
    client.connect(programs.place(program.expect_word("address")))
    same("ends", program.expect_word("main"), "the main thread")
    program.comes_to_rest()  # or exits already, as a wrong one does

    client.offer(b"at last\n")
    same((b"at last\n", END_OF_STREAM), client.receive_to_end(), "what the client gets")

    running = program.expect_word("running")
    check(running == 0, expected="exit when no handler runs", actual=f"exit while {running} runs")
    same(0, program.expect_exit(), "the program's exit status")


@requirement("threading/interpreter-exit-leaves-daemons")
def test_program_exits_though_a_handler_waits(
    programs: Programs, construct: Construct, client: StreamPeer
) -> None:
    """The program exits while its handler waits for a silent client, whose stream then ends."""
    program = programs(_source(construct.new_address(), daemonic=True))
    client.connect(programs.place(program.expect_word("address")))
    same("ends", program.expect_word("main"), "the main thread")

    same(1, program.expect_word("running"), "handlers that run when the program exits")
    same(0, program.expect_exit(), "the program's exit status")
    client.expect_end()
