"""Events are compressed once, and every screen can come in at any of them."""

import zlib

from ardoise.mediawall.events import GZIP_HEADER, Event


def test_a_screen_may_come_in_at_any_piece_of_the_compressed_stream():
    events = [Event("change", {"n": n, "words": "peloton " * 40}, f"7-{n}") for n in range(4)]
    for first in range(4):
        inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
        inflate.decompress(GZIP_HEADER)
        for event in events[first:]:
            # All of a piece is there as soon as its bytes are: nothing waits for the next one.
            assert inflate.decompress(event.compressed) == event.plain


def test_an_event_is_one_line_of_data_whatever_a_name_holds():
    event = Event("stage", {"name": "Col\nde la\r\nRamaz"}, "7-1")
    head, data, end = event.plain.split(b"\ndata: ")[0], event.plain.split(b"data: ")[1], event.plain[-2:]
    assert head == b"id: 7-1\nevent: stage"
    assert b"\n" not in data[:-2]
    assert b"\r" not in data
    assert end == b"\n\n"
