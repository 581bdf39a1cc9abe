"""What control asks of gevent's hub. Runs inside the process under test; Python 2.7 and 3.x."""

from __future__ import absolute_import


class GeventHub(object):
    """The hub of the thread that makes it. ``wake()`` is for any thread."""

    def __init__(self, woken):
        """``woken`` is called in the hub each time that it was woken, which it must not hold."""
        from gevent import event, get_hub

        self._watcher = get_hub().loop.async_()
        self._watcher.start(woken)
        self.wake = self._watcher.send
        self._event = event.Event

    def pause(self):
        return GeventPause(self._event())


class GeventPause(object):
    """``wait()`` holds one green thread, until the hub calls ``end()``."""

    def __init__(self, event):
        self.wait = event.wait
        self.end = event.set
