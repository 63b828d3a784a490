"""An address that is asked again and again, by HTTP: bounded in time and size, whatever answers."""

import time
from urllib.parse import urlsplit

import httpx

from ardoise.ingest.weather.open_meteo import decode
from ardoise.ingest.weather.values import SourceRefused, Why
from ardoise.pb.weather_pb2 import WeatherReport

SCHEMES = ("http", "https")
SILENCE_S = 10.0
"""Without a byte for so long, or without a connection, the server is given up."""
WHOLE_ANSWER_S = 30.0
MOST_ANSWER_BYTES = 65_536
"""The block `current` takes 600 bytes; somebody may have asked for a forecast beside it."""
EXCERPT_CHARACTERS = 200


class AddressSource:
    """What stands at a URL, in the format of open_meteo.py. Raises ValueError for what is no URL."""

    def __init__(self, url: str, http: httpx.Client, every_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise ValueError(f"{url} is neither a file nor an http(s) URL")
        self._url, self._http, self.every_s = url, http, every_s
        # Not the whole URL, which may have somebody's key in it: the log is for ever.
        self._name = parts.hostname

    def newest(self) -> WeatherReport:
        """Raises SourceRefused."""
        return decode(self._body(), self._name)

    def _body(self) -> bytes:
        until_s = time.monotonic() + WHOLE_ANSWER_S
        # Uncompressed: a small answer must not unfold into a large one.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        body = b""
        try:
            with self._http.stream("GET", self._url, headers=headers, timeout=SILENCE_S) as response:
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > MOST_ANSWER_BYTES:
                        raise SourceRefused(Why.TOO_LARGE, f"more than {MOST_ANSWER_BYTES} bytes")
                    if time.monotonic() > until_s:
                        raise SourceRefused(Why.TOO_SLOW, f"not whole after {WHOLE_ANSWER_S:g} s")
        except httpx.TimeoutException as error:
            raise SourceRefused(Why.TOO_SLOW, f"silent for {SILENCE_S:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceRefused(Why.UNREACHABLE, f"{type(error).__name__}: {error}") from error
        if response.status_code != httpx.codes.OK:
            raise SourceRefused(Why.STATUS, f"{response.status_code}: {_excerpt(body)}")
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" or response.headers.get("content-encoding", "identity") != "identity":
            raise SourceRefused(Why.NO_JSON, f"{kind or 'of no type'}: {_excerpt(body)}")
        return body


def _excerpt(body: bytes) -> str:
    """The beginning of an answer for a terminal: printable, on one line."""
    text = body[: 4 * EXCERPT_CHARACTERS].decode(errors="replace")
    return "".join(sign if sign.isprintable() else " " for sign in text)[:EXCERPT_CHARACTERS]
