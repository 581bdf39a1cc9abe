"""The main thread as a place to call methods in. Runs inside the process under test; 2.7 and 3.x.

Signal handlers run in the main thread alone, which is the one that takes the case's commands. From
the first call in it on, another thread takes them, and the main thread does nothing but such calls.
"""

from __future__ import absolute_import

import threading


class MainCall(object):
    """One call, with what is asked of a thread that runs a method: ident, is_alive(), join()."""

    def __init__(self, ident, carry_out):
        self.ident = ident
        self.carry_out = carry_out
        self.ended = threading.Event()

    def run(self):
        try:
            self.carry_out()
        finally:
            self.ended.set()

    def is_alive(self):
        return not self.ended.is_set()

    def join(self, timeout_s):
        self.ended.wait(timeout_s)


class MainThread(object):
    """The calls that the main thread is to carry out, one after the other. Made in that thread."""

    def __init__(self):
        self.ident = threading.current_thread().ident
        self.calls = []
        self.waiting = threading.Semaphore(0)

    def ask(self, carry_out):
        """Have a function called; returns at once."""
        call = MainCall(self.ident, carry_out)
        self.calls.append(call)
        self.waiting.release()
        return call

    def lend(self, take_commands, baseline):
        """Carry out calls for ever, while a thread of ours, no leak of the case, takes commands."""
        thread = threading.Thread(target=take_commands, name="sockproof commands")
        thread.daemon = True
        baseline.allow([thread])
        thread.start()
        while True:
            self.waiting.acquire()
            self.calls.pop(0).run()
