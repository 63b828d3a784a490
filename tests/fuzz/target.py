"""One decoder under libFuzzer: `python -m tests.fuzz.target NAME [libFuzzer's arguments]`. A process of its own."""

import sys
from typing import Any

import atheris
from msgspec import structs

with atheris.instrument_imports(include=["ardoise.trackers", "json", "urllib", "ardoise_plainline"]):
    from ardoise.trackers.decoding import Decoded, Message, Refused, fault_of
    from ardoise.trackers.domain.stream import Stream
    from ardoise.trackers.registry import decoder

    DECODER = decoder(sys.argv.pop(1))

from tests.fuzz.seeds import RECEIVED_MS, STREAM, message_of


def tried(data: bytes) -> None:
    """Anything but Refused, or a fix that none can be, is what is looked for."""
    options = DECODER.samples[0].options
    message = message_of(data)
    for one in (message, structs.replace(message, body=DECODER.seal(message.body))):
        first = said(one, DECODER.begin(options))
        assert first == said(one, DECODER.begin(options)), "not the same twice"
    if DECODER.cut is not None and data[:1] == STREAM:
        middle = len(message.body) // 2
        whole = fixes(options, message.body)
        assert whole == fixes(options, message.body[:middle], message.body[middle:]), (
            "another split, other fixes"
        )


def said(message: Message, session: Any) -> Decoded | tuple[int, str]:
    try:
        decoded = DECODER.decode(message, session)
    except Refused as refused:
        return refused.reason, refused.detail
    for fix in decoded.fixes:
        assert not fault_of(fix), f"{fault_of(fix)} of {fix}"
    return decoded


def fixes(options: Any, *chunks: bytes) -> list[Any]:
    stream = Stream(DECODER, DECODER.begin(options))
    found = [one for chunk in chunks for _, one in stream.feed(chunk, RECEIVED_MS)]
    return [fix for one in found if isinstance(one, Decoded) for fix in one.fixes]


if __name__ == "__main__":
    atheris.Setup(sys.argv, tried)
    atheris.Fuzz()
