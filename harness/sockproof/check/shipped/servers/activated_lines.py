"""A server that is given its listening socket by LISTEN_FDS, and who gives it as systemd does: as
descriptor 3 of the process that is then the program (runs in the server's own interpreter)."""

import os
import socket
import sys
from typing import NoReturn

PROGRAM = """
import os, socket, socketserver

class ActivatedLines(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.upper())

class ActivatedServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

assert os.environ["LISTEN_PID"] == str(os.getpid()) and os.environ["LISTEN_FDS"] == "1"
server = ActivatedServer(("", 0), ActivatedLines, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=3)
server.server_address = server.socket.getsockname()
os.set_inheritable(3, False)
try:
    server.serve_forever()
except KeyboardInterrupt:
    pass
finally:
    server.server_close()
"""


def activated(host: str, port: int) -> NoReturn:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(128)
    os.dup2(listening.fileno(), 3)
    os.set_inheritable(3, True)  # also where it was that before
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    os.execv(sys.executable, [sys.executable, "-I", "-u", "-X", "faulthandler", "-c", PROGRAM])
