"""prometheus_client's server, with a gauge of its own (runs in the server's own interpreter)."""

from prometheus_client import CollectorRegistry, Gauge, start_http_server


class PrometheusMetrics:
    """Serves until it is interrupted, as the package's documentation has it."""

    def __init__(self, host: str, port: int) -> None:
        registry = CollectorRegistry()
        Gauge("answers", "how many there are", registry=registry).set(42)
        Gauge("questions", "what was asked", registry=registry).set(7)
        self.server, self.thread = start_http_server(port, host, registry)

    def serve_forever(self) -> None:
        self.thread.join()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
