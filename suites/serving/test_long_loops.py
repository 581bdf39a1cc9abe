"""Loops that serve thousands of requests, of a pipe: each costs next to nothing."""

from __future__ import annotations

from fixtures import CaseProcess, requirement, same

MANY = 3000
OF_A_PIPE = """
outlet, inlet = os.pipe()
served = []

class OfAPipe(socketserver.BaseServer):
    def fileno(self):
        return outlet

    def get_request(self):
        return os.read(outlet, 1), "pipe"

    def finish_request(self, request, client_address):
        served.append(request)
        if len(served) % {part} == 0 and len(served) < {many}:
            os.write(inlet, b"x" * {part})
        if len(served) == {many}:
            self.ending = threading.Thread(target=self.shutdown)
            self.ending.start()

os.write(inlet, b"x" * {part})
of_a_pipe = OfAPipe("nowhere", None)
of_a_pipe.serve_forever(0.001)
of_a_pipe.server_close()
os.close(inlet)
os.close(outlet)
"""


@requirement("serving/thousands-of-requests")
def test_thousands_of_requests(process: CaseProcess) -> None:
    """The loop ends when the last of three thousand requests has it shut down, and not before."""
    source = OF_A_PIPE.format(many=MANY, part=MANY // 10)

    same(None, process.do("execute", source=source).error, "what the loop raises")

    served = process.do("evaluate", expression="len(served)").value
    same(MANY, served, "how many requests are served before the loop ends")
