"""What control asks of gevent's hub. Runs inside the process under test; Python 2.7 and 3.x."""

from __future__ import absolute_import


def warm():
    """Import now what the hub does when it is made, which happens in each case anew.

    None is made here: a process that is forked off would have it in common with this one.
    """
    import gevent.event
    import gevent.hub  # noqa: F401

    for name in ("loop", "format_context", "threadpool", "resolver"):
        getattr(getattr(gevent, "config", None), name, None)


class GeventHub(object):
    """The hub of the thread that makes it. ``wake()`` is for any thread."""

    def __init__(self, woken):
        """``woken`` is called in the hub each time that it was woken, which it must not hold."""
        from gevent import event, get_hub

        self._hub = get_hub()
        self._watcher = self._hub.loop.async_()
        self._watcher.start(woken)
        self.wake = self._watcher.send
        self._event = event.Event

    def pause(self):
        """How one green thread is held, and how the hub lets it go on."""
        event = self._event()
        return event.wait, event.set

    def pooled(self):
        """How many native threads there are in its pool, and beside that."""
        pool = getattr(self._hub, "_threadpool", None)
        monitor = getattr(self._hub, "periodic_monitoring_thread", None)
        return (pool.size if pool is not None else 0) + (monitor is not None)
