"""What a probe without a certificate hears of Patroni: three pages of its own port, and nothing that does anything."""

import http.client
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ardoise.chassis.identity import Credentials, Role, ensure_development_identity
from ardoise.sites.patroni_health import PatroniHealth

LIMIT_S = 10.0


@pytest.fixture
def identity(tmp_path: Path) -> Credentials:
    return ensure_development_identity(tmp_path / "identity", "patroni", Role.SERVICE)


@contextmanager
def patroni(identity: Credentials, answers: dict[str, tuple[int, bytes]]) -> Iterator[int]:
    """A port like Patroni's: it lets in holders of a certificate only."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers[self.path]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.socket = identity.server_context().wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def health(tmp_path: Path, identity: Credentials, patroni_port: int) -> Iterator[PatroniHealth]:
    files = {"cacert": str(identity.ca), "certfile": str(identity.certificate), "keyfile": str(identity.key)}
    config = tmp_path / "patroni.yml"
    config.write_text(json.dumps({"restapi": {"connect_address": f"127.0.0.1:{patroni_port}"}, "ctl": files}))
    port = PatroniHealth(0, config)
    try:
        yield port
    finally:
        port.close()


def asked(port: int, page: str, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    try:
        connection.request(method, page)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_it_says_what_patroni_says_which_itself_lets_nobody_in_without_a_certificate(
    tmp_path: Path, identity: Credentials
):
    answers = {"/liveness": (200, b""), "/readiness": (503, b""), "/metrics": (200, b"patroni_version 1")}
    with patroni(identity, answers) as port, health(tmp_path, identity, port) as said:
        assert {page: asked(said.port, page) for page in answers} == answers
        stranger = ssl.create_default_context(cafile=identity.ca)
        with pytest.raises((ssl.SSLError, OSError)):
            ask_patroni(port, stranger)


def ask_patroni(port: int, tls: ssl.SSLContext) -> int:
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=LIMIT_S, context=tls)
    try:
        connection.request("GET", "/liveness")
        return connection.getresponse().status
    finally:
        connection.close()


def test_nothing_else_of_patroni_is_reached_through_it(tmp_path: Path, identity: Credentials):
    answers = dict.fromkeys(("/config", "/history", "/switchover", "/"), (200, b"let through"))
    with patroni(identity, answers) as port, health(tmp_path, identity, port) as said:
        for page in answers:
            assert asked(said.port, page) == (404, b"")
        for method in ("POST", "PATCH", "PUT", "DELETE"):
            status, _ = asked(said.port, "/liveness", method)
            assert status == http.client.NOT_IMPLEMENTED


def test_a_patroni_that_waits_for_a_majority_is_alive_and_not_ready(
    tmp_path: Path, identity: Credentials, free_port
):
    with health(tmp_path, identity, free_port()) as said:
        assert asked(said.port, "/liveness")[0] == 200
        assert asked(said.port, "/readiness")[0] == 503


def test_a_patroni_that_hangs_is_not_alive(
    tmp_path: Path, identity: Credentials, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ardoise.sites.patroni_health.ASK_LIMIT_S", 0.2)
    # Takes connections, answers nothing.
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as deaf,
        health(tmp_path, identity, deaf.server_port) as said,
    ):
        assert asked(said.port, "/liveness")[0] == 503
