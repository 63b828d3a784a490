"""HTTP/1.1 as phones speak it: one request, one answer, once its fixes are in the log."""

from collections.abc import Mapping

import h11

from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoding import Message, Refused, malformed
from ardoise.trackers.gateway import LogAway
from ardoise.trackers.listening.intake import Intake, now_ms, too_many
from ardoise.trackers.listening.tcp import Connection

MOST_HEAD_BYTES = 16 * 1024
RETRY_AFTER_S = 5
METHODS = frozenset({b"GET", b"POST"})

_STATUS = {
    RefusalReason.REFUSAL_REASON_TOO_LARGE: 413,
    RefusalReason.REFUSAL_REASON_TOO_MANY: 429,
}
"""Of a refusal; of all others 400."""


class HttpConversation:
    """Requests of one connection, one after the other."""

    def __init__(self, intake: Intake, options: Mapping[str, str]) -> None:
        self._intake = intake
        self._options = options

    async def __call__(self, connection: Connection) -> None:
        """Until the peer ends it, or has to be ended. Raises TimeoutError, ConnectionError."""
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD_BYTES)
        session = self._intake.decoder.begin(self._options)
        while True:
            try:
                message = await self._request(http, connection)
            except Refused as refused:
                self._intake.refuse(refused, connection.address)
                await _respond(http, connection, *_refusal(refused))
                return
            if message is None:
                return
            connection.ended()
            await _respond(http, connection, *await self._answer(message, session, connection.address))
            if http.our_state is not h11.DONE or http.their_state is not h11.DONE:
                return
            http.start_next_cycle()

    async def _request(self, http: h11.Connection, connection: Connection) -> Message | None:
        """The next one, whole; None: there is none any more. Raises Refused."""
        request, body = None, bytearray()
        begun = bool(http.trailing_data[0])
        while True:
            try:
                event = http.next_event()
            except h11.RemoteProtocolError as error:
                raise _unreadable(error) from None
            if event is h11.NEED_DATA:
                if http.they_are_waiting_for_100_continue:
                    await connection.write(http.send(h11.InformationalResponse(status_code=100, headers=[])))
                chunk = await connection.read(begun=begun)
                http.receive_data(chunk)
                begun = True
                if not chunk:
                    return None
            elif isinstance(event, h11.Request):
                request = event
                _check(request)
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > self._intake.decoder.most_message_bytes:
                    raise Refused(
                        RefusalReason.REFUSAL_REASON_TOO_LARGE,
                        f"a body has at most {self._intake.decoder.most_message_bytes} bytes",
                    )
            elif isinstance(event, h11.EndOfMessage):
                assert request is not None
                return _message(request, bytes(body))
            else:
                return None

    async def _answer[S](self, message: Message, session: S, address: str) -> tuple[int, bytes, str]:
        """Status, body and what kind of text that is."""
        body = message.body or message.target.encode()
        if not self._intake.admits(address, body):
            return _refusal(too_many("messages"))
        try:
            decoded = self._intake.decoded(message, session, address)
            await self._intake.take(decoded, address, message.received_ms)
        except Refused as refused:
            return _refusal(refused)
        except LogAway as away:
            return 503, f"not in the log: {away}; keep it, and send it again\n".encode(), _TEXT
        return 200, decoded.reply, self._intake.decoder.reply_type


class _Bodiless(Refused):
    """What is answered without a body, for HTTP says so."""


_TEXT = "text/plain; charset=utf-8"


def _unreadable(error: h11.RemoteProtocolError) -> Refused:
    if error.error_status_hint == 431:
        return Refused(RefusalReason.REFUSAL_REASON_TOO_LARGE, f"a head has at most {MOST_HEAD_BYTES} bytes")
    return malformed(f"no HTTP/1.1: {error}")


def _check(request: h11.Request) -> None:
    names = [name for name, _ in request.headers]
    if request.method == b"HEAD":
        raise _Bodiless(RefusalReason.REFUSAL_REASON_MALFORMED, "HEAD: trackers send GET or POST")
    if request.method not in METHODS:
        raise malformed(f"{request.method.decode(errors='replace')}: trackers send GET or POST")
    if any(name == b"content-encoding" and value.lower() != b"identity" for name, value in request.headers):
        # A few bytes that become gigabytes: no tracker needs it.
        raise malformed("a compressed body: send it as it is")
    if b"content-length" in names and b"transfer-encoding" in names:
        # h11 takes the one, what stands before it perhaps the other: so requests are smuggled.
        raise malformed("two lengths of one body: Content-Length and Transfer-Encoding")


def _message(request: h11.Request, body: bytes) -> Message:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
    return Message(body, request.target.decode("latin-1"), headers, now_ms())


def _refusal(refused: Refused) -> tuple[int, bytes, str]:
    body = b"" if isinstance(refused, _Bodiless) else f"{refused.detail}\n".encode()
    return _STATUS.get(refused.reason, 400), body, _TEXT


async def _respond(
    http: h11.Connection, connection: Connection, status: int, body: bytes, content_type: str
) -> None:
    headers = [("content-type", content_type), ("content-length", str(len(body)))]
    if status in (429, 503):
        headers.append(("retry-after", str(RETRY_AFTER_S)))
    if status >= 400:
        headers.append(("connection", "close"))
    events = (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage())
    await connection.write(b"".join(http.send(event) or b"" for event in events))
