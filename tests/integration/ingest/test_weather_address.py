"""An address that is asked for the weather, and answers like the real ones, or like no server should."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from ardoise.ingest.weather import address
from ardoise.ingest.weather.address import MOST_ANSWER_BYTES, AddressSource
from ardoise.ingest.weather.values import SourceRefused, Why

from tests.unit.ingest.test_weather_sources import ANSWER

type Answer = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """Answers with what the test sets."""

    answer: Answer
    stopping: threading.Event

    def __init__(self) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked = self.headers
                server.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/forecast?current=temperature_2m&key=secret"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.stopping = threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.stopping.set()
    server.shutdown()
    thread.join()
    server.server_close()


def saying(
    body: bytes, *, status: int = 200, kind: str = "application/json; charset=utf-8", **headers: str
) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("content-type", kind)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def newest(url: str):
    with httpx.Client() as http:
        return AddressSource(url, http, 60).newest()


def test_an_address_gives_a_report_whose_source_is_its_host_and_no_key(server: Server):
    server.answer = saying(json.dumps(ANSWER).encode())
    report = newest(server.url)
    assert (report.source, report.temperature_c_e2) == ("127.0.0.1", 2_140)
    assert b"secret" not in report.SerializeToString()
    assert server.asked["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (saying(b'{"error":true,"reason":"Latitude must be in range"}', status=400), Why.STATUS),
        (saying(b"busy", status=503), Why.STATUS),
        (saying(b"", status=302, location="http://127.0.0.1:1/"), Why.STATUS),
        (saying(b"<!doctype html><h1>\x1b[2JLog in</h1>", kind="text/html"), Why.NO_JSON),
        (saying(b"<!doctype html>"), Why.NO_JSON),
        (saying(b"\x1f\x8b\x08", content_encoding="gzip"), Why.NO_JSON),
        (saying(b" " * (MOST_ANSWER_BYTES + 1)), Why.TOO_LARGE),
        (saying(b"{}"), Why.MALFORMED),
        (saying(b'{"current', content_length="5000"), Why.UNREACHABLE),
    ],
    ids=["refused", "busy", "elsewhere", "html", "html as json", "packed", "huge", "empty", "torn"],
)
def test_what_is_no_report_is_refused_with_its_reason(server: Server, answer: Answer, why: Why):
    server.answer = answer
    with pytest.raises(SourceRefused) as refused:
        newest(server.url)
    assert refused.value.why == why
    assert str(refused.value).isprintable()


def test_a_server_that_says_nothing_and_one_that_never_ends_are_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(address, "SILENCE_S", 0.1)
    server.answer = lambda _: server.stopping.wait(10)
    with pytest.raises(SourceRefused) as silent:
        newest(server.url)
    monkeypatch.setattr(address, "SILENCE_S", 5)
    monkeypatch.setattr(address, "WHOLE_ANSWER_S", 0.1)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        saying(b"{")(handler)
        while not server.stopping.wait(0.02):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return

    server.answer = drip
    with pytest.raises(SourceRefused) as endless:
        newest(server.url)
    assert (silent.value.why, endless.value.why) == (Why.TOO_SLOW, Why.TOO_SLOW)


def test_a_server_that_is_not_there_is_said(server: Server):
    server.server_close()
    with pytest.raises(SourceRefused, match=r"^unreachable: "):
        newest(server.url)


@pytest.mark.parametrize("url", ["ftp://weather.example/", "file:///etc/passwd", "http://", "http:///x"])
def test_what_is_no_address_is_refused_at_once(url: str):
    with pytest.raises(ValueError, match="neither a file nor an http"):
        newest(url)
