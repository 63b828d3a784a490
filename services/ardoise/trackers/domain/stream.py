"""Cuts a stream into messages and decodes each: any split of the same bytes gives the same."""

from collections.abc import Iterator

from ardoise.pb.telemetry_pb2 import RefusalReason
from ardoise.trackers.decoding import Cut, Decoded, Decoder, Message, Refused, malformed

FIRST_WINDOW_BYTES = 1_024


class Stream[S]:
    """One connection's bytes. What is not a whole message yet is kept, up to the decoder's most_message_bytes."""

    def __init__(self, decoder: Decoder[S], session: S) -> None:
        assert decoder.cut is not None, f"{decoder.name} is no decoder of streams"
        self._decoder = decoder
        self._windows = sorted(
            {min(FIRST_WINDOW_BYTES, decoder.most_message_bytes), decoder.most_message_bytes}
        )
        self._session = session
        self._buffer = b""

    @property
    def begun(self) -> bool:
        """Whether a message has begun that has not ended."""
        return bool(self._buffer)

    def feed(self, chunk: bytes, received_ms: int) -> Iterator[tuple[bytes, Decoded[S] | Refused]]:
        """Each message that `chunk` ends, as its bytes and what it says."""
        buffer = self._buffer + chunk
        at = 0
        while at < len(buffer):
            window, cut = self._next(buffer, at)
            if not cut.size:
                if len(window) < self._decoder.most_message_bytes:
                    break
                at += len(window)
                yield window, too_large(self._decoder)
                continue
            body = window[: cut.size]
            at += cut.size
            yield body, malformed(cut.why) if cut.why else self._decoded(body, received_ms)
        self._buffer = buffer[at:]

    def _next(self, buffer: bytes, at: int) -> tuple[bytes, Cut]:
        """What one message may have, so that cutting costs by the message and not by the chunk; and its cut.

        Most need much less than that, and of many that come at once each would have it copied.
        """
        for size in self._windows:
            window = buffer[at : at + size]
            cut = self._decoder.cut_off(window)
            if cut.size or at + size >= len(buffer):
                break
        return window, cut

    def end(self, received_ms: int) -> Iterator[tuple[bytes, Decoded[S] | Refused]]:
        """What is left once no more comes is a message too: a datagram's last line has no end of line."""
        body, self._buffer = self._buffer, b""
        if body:
            yield body, self._decoded(body, received_ms)

    def _decoded(self, body: bytes, received_ms: int) -> Decoded[S] | Refused:
        try:
            decoded = self._decoder.said(Message(body, received_ms=received_ms), self._session)
        except Refused as refused:
            return refused
        if decoded.session is not None:
            self._session = decoded.session
        return decoded


def too_large(decoder: Decoder) -> Refused:
    """More than one message may have."""
    return Refused(
        RefusalReason.REFUSAL_REASON_TOO_LARGE,
        f"a message of {decoder.name} has at most {decoder.most_message_bytes} bytes",
    )
