"""logging.config.listen() as a server: it takes configurations, each in a connection of its own
(runs in the server's own interpreter)."""

import logging.config


class LoggingListener:
    """Listens until it is interrupted, as the documentation of the module has it."""

    def __init__(self, _host: str, port: int) -> None:
        self.thread = logging.config.listen(port)

    def serve_forever(self) -> None:
        self.thread.start()
        self.thread.join()

    def close(self) -> None:
        logging.config.stopListening()
        self.thread.join()
