"""Request handlers that follow a script. Runs inside the process under test; 2.7 and 3.x.

A script is a dict of three lists of steps, ``setup``, ``handle`` and ``finish``. Each phase is an
event.
"""

from __future__ import absolute_import

import itertools
import os

from . import debugging, events, gates, script

# Every handler made, kept alive: no socket may look closed because it was collected.
INSTANCES = []  # type: ignore[var-annotated]
_serial = itertools.count(1)


def make_handler(base, phases, attributes, source, module):
    """A subclass of ``base`` that plays the steps of each phase, or the ``Handler`` of ``source``.

    ``attributes`` become class attributes (``timeout``, ``wbufsize``, ...).
    """
    base = debugging.stopping(base)
    if source:
        namespace = {"base": base, "emit": events.emit, "socketserver": module}
        namespace.update(gate=gates.pass_gate, fail=script.fail)
        exec(compile(source, "<handler source>", "exec"), namespace)
        return namespace["Handler"]

    class ScriptedHandler(base):  # type: ignore[misc, valid-type]
        __slots__ = ("sockproof_id",)  # not among the attributes that a case looks at

        def setup(self):
            self.sockproof_id = "%d.%d" % (os.getpid(), next(_serial))
            INSTANCES.append(self)
            _phase(self, "setup")
            base.setup(self)
            script.play(self, phases.get("setup", ()))

        def handle(self):
            _phase(self, "handle")
            script.play(self, phases.get("handle", ()))

        def finish(self):
            _phase(self, "finish")
            try:
                script.play(self, phases.get("finish", ()))
                base.finish(self)
            finally:
                events.emit("handled", id=self.sockproof_id)

    for name, value in attributes.items():
        setattr(ScriptedHandler, name, value)
    return ScriptedHandler


def _phase(handler, phase):
    events.emit(
        "handler",
        phase=phase,
        id=handler.sockproof_id,
        client=events.encode(handler.client_address),
    )
