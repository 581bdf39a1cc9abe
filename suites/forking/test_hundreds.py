"""Hundreds of children, forked while other threads of the process are at work."""

from __future__ import annotations

from fixtures import Serve, requirement

CHILDREN, STEP = 200, 10
ECHO = """
class Handler(base):
    def handle(self):
        self.wfile.write(self.rfile.readline())
"""
# Clients in the process under test: a server forks while the other one does, and is asked.
ASK_BOTH = f"""
answers = []

def ask(asked):
    for number in range({CHILDREN // 2}):
        client = socket.create_connection(asked.server_address)
        client.sendall(b"x" * 20 + b"\\n")
        answers.append(client.recv(100))
        client.close()

for one in (first, server):
    threading.Thread(target=ask, args=(one,)).start()
"""


@requirement("forking/hundreds-while-threads-work")
def test_hundreds_of_children_answer(serve: Serve) -> None:
    """Two servers fork for a request after the other, at the same time: every child answers."""
    first, second = serve(source=ECHO), serve(source=ECHO)
    first.execute("first = server")

    second.execute(ASK_BOTH)

    for answered in range(STEP, CHILDREN + STEP, STEP):
        second.expect_true(f"len(answers) >= {answered}")
    second.expect_true("set(answers) == set([b'x' * 20 + b'\\n'])")
