"""Messages of relays that are none: handed on instead of ending the call."""

from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from ardoise.chassis.refusals import MAX_EXCERPT_BYTES
from ardoise.ingest.domain.acceptance import MAX_FRAME_BYTES
from ardoise.pb.telemetry_pb2 import RefusalReason

# Tag and length of the frame within its request.
FRAME_WRAPPING_BYTES = 16


@dataclass(frozen=True)
class Unreadable:
    """What came in the place of a message: too long to be one, or not to be read as one."""

    excerpt: bytes
    error: str
    reason: RefusalReason = RefusalReason.REFUSAL_REASON_MALFORMED


def tolerant[M](parse: Callable[[bytes], M]) -> Callable[[bytes], M | Unreadable]:
    """A deserializer that hands bytes it cannot read to the handler, which counts and answers them.

    gRPC's own would end the call before anybody has seen who sent what.
    """

    def deserialize(content: bytes) -> M | Unreadable:
        if len(content) > MAX_FRAME_BYTES + FRAME_WRAPPING_BYTES:
            too_large = RefusalReason.REFUSAL_REASON_TOO_LARGE
            return Unreadable(b"", f"{len(content)} bytes: a frame has at most {MAX_FRAME_BYTES}", too_large)
        try:
            return parse(content)
        except DecodeError as error:
            return Unreadable(content[:MAX_EXCERPT_BYTES], f"not a RelayRequest: {error}")

    return deserialize
