"""Server-sent events, written and compressed once for all screens."""

import json
import zlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any

# A gzip stream may be put together of pieces that refer to nothing before them: this header first, then each
# piece ended with a full flush. So 2,000 screens share one compression, and a screen may come in at any event.
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
COMPRESSION_LEVEL = 6


def to_json(value: Any) -> bytes:
    """JSON without a space too many."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


class Event:
    """One server-sent event; encoded when the first screen wants it."""

    def __init__(self, kind: str, data: Mapping[str, Any], event_id: str = "") -> None:
        self.kind = kind
        self.data = data
        self.event_id = event_id

    @cached_property
    def plain(self) -> bytes:
        """The event as it stands in the stream."""
        id_line = f"id: {self.event_id}\n" if self.event_id else ""
        return f"{id_line}event: {self.kind}\ndata: ".encode() + to_json(self.data) + b"\n\n"

    @cached_property
    def compressed(self) -> bytes:
        """The same as a piece of a gzip stream."""
        deflate = zlib.compressobj(COMPRESSION_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        return deflate.compress(self.plain) + deflate.flush(zlib.Z_FULL_FLUSH)
