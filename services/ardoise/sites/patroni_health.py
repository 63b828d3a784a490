"""How Patroni is, over plain HTTP, for whoever has no certificate: a kubelet, a Prometheus. It only reads.

Its own port asks everybody for one (docs/decisions/0012). This one lets three of its pages through, asked in the same
process with Patroni's own certificate.
"""

import http.client
import json
import ssl
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LIVENESS = "/liveness"
PAGES = (LIVENESS, "/readiness", "/metrics")
ASK_LIMIT_S = 3.0
READ_LIMIT_S = 5.0


class PatroniHealth:
    """The port and its thread, which ends with the process."""

    def __init__(self, port: int, config_file: Path) -> None:
        """`port`: at every address; 0: any free one. `config_file`: Patroni's own. Raises OSError where it is taken."""
        told = json.loads(config_file.read_text())
        patroni, mine = str(told["restapi"]["connect_address"]), told["ctl"]
        tls = ssl.create_default_context(cafile=mine["cacert"])
        tls.load_cert_chain(mine["certfile"], mine["keyfile"])

        def ask(page: str) -> tuple[int, bytes]:
            host, _, number = patroni.rpartition(":")
            asked = http.client.HTTPSConnection(host, int(number), timeout=ASK_LIMIT_S, context=tls)
            try:
                asked.request("GET", page)
                answer = asked.getresponse()
                return answer.status, answer.read()
            except ConnectionRefusedError:
                # It opens its port once it has reached etcd, and may wait for a majority for hours.
                starting = HTTPStatus.OK if page == LIVENESS else HTTPStatus.SERVICE_UNAVAILABLE
                return starting, b""
            except (OSError, http.client.HTTPException):
                return HTTPStatus.SERVICE_UNAVAILABLE, b""
            finally:
                asked.close()

        class Answer(BaseHTTPRequestHandler):
            timeout = READ_LIMIT_S

            def do_GET(self) -> None:
                status, body = ask(self.path) if self.path in PAGES else (HTTPStatus.NOT_FOUND, b"")
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("", port), Answer)
        self.port: int = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def close(self) -> None:
        """Closes the port."""
        self._server.shutdown()
        self._server.server_close()
