"""A webhook that the API servers of the bed ask, on the machine: it lets through or refuses, as told."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.kubernetes.bed import layout, pki
from tests.kubernetes.release import Release

NAME = "faults.ardoise.dev"
ANSWER_LIMIT_S = 5
STOP_LIMIT_S = 10.0


class Webhook(ThreadingHTTPServer):
    """What is set is so from the next question on."""

    def __init__(self, directory: Path) -> None:
        pki.write_issued(
            directory,
            "ca",
            "ardoise-faults",
            {"webhook": pki.Subject("webhook", names=(layout.HOST_ADDRESS,))},
        )
        super().__init__((layout.HOST_ADDRESS, 0), _Asked)
        self.authority = (directory / "ca.pem").read_bytes()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "webhook.pem", directory / "webhook.key")
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.refuses_with = 0
        """A status; 0: all is let through."""

    def answer(self, uid: str) -> dict[str, Any]:
        """To one question."""
        status = {"code": self.refuses_with, "message": "refused by a test"}
        refused = {"allowed": False, "status": status} if self.refuses_with else {"allowed": True}
        return {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": {"uid": uid, **refused},
        }


class _Asked(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = json.dumps(self.server.answer(asked["request"]["uid"])).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing."""


@contextmanager
def asked_of(release: Release, directory: Path, rule: dict[str, Any], condition: str) -> Iterator[Webhook]:
    """It is asked of what the rule names where the condition, in CEL, is true; nobody waits for it once it is gone."""
    with Webhook(directory) as webhook:
        thread = threading.Thread(target=webhook.serve_forever)
        thread.start()
        host, port = webhook.server_address[:2]
        asks = {
            "name": NAME,
            "clientConfig": {
                "url": f"https://{host}:{port}/",
                "caBundle": base64.b64encode(webhook.authority).decode(),
            },
            "rules": [rule],
            "matchConditions": [{"name": "tested", "expression": condition}],
            "failurePolicy": "Ignore",
            "sideEffects": "None",
            "timeoutSeconds": ANSWER_LIMIT_S,
            "admissionReviewVersions": ["v1"],
        }
        kind = "ValidatingWebhookConfiguration"
        about = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": NAME}}
        release.cluster.apply({**about, "webhooks": [asks]})
        try:
            yield webhook
        finally:
            release.cluster.kubectl("delete", kind, NAME)
            webhook.shutdown()
            thread.join(STOP_LIMIT_S)
