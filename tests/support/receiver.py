"""Somebody else's computer that takes webhooks: a real HTTP server that remembers what it got."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Receiver:
    """Answers every POST with `status`; None: it takes it and never answers. Use: `with Receiver() as receiver`."""

    def __init__(self) -> None:
        self.status: int | None = 204
        self.bodies: list[dict[str, Any]] = []
        self._stopping = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["content-length"]))
                receiver.bodies.append(json.loads(content))
                if receiver.status is None:
                    receiver._stopping.wait()
                    self.close_connection = True
                    return
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A sender was killed."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._serving = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/alerts"

    @property
    def alert_ids(self) -> list[str]:
        """In the order in which they came."""
        return [body["alert_id"] for body in self.bodies]

    def __enter__(self) -> Self:
        self._serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._serving.join()
        self._server.server_close()
