"""JSON is read by the fastest reader there is, and means what the standard library says that it does."""

import json

import pytest
from ardoise.trackers.decoders.json_fields import document
from ardoise.trackers.decoding import Refused
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.hostile import json_values

_written = st.builds(
    lambda value, ascii_only, encoding: json.dumps(value, ensure_ascii=ascii_only).encode(
        encoding, "surrogatepass"
    ),
    json_values({"a": {"b": 1}}) | st.floats() | st.integers() | st.text(st.characters(), max_size=4),
    st.booleans(),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
_spoilt = st.builds(
    lambda body, at, put: body[:at] + put + body[at + 1 :],
    _written,
    st.integers(0, 32),
    st.binary(max_size=2) | st.sampled_from([b"-", b"0", b".", b"e9", b"\\u", b'"', b"NaN"]),
)


@given(_written | _spoilt)
@example(b'{"a": 1, "a": 2}')
@example(b'"\\ud83d"')
@example(b"\xef\xbb\xbf1")
@example(b"[NaN, -Infinity, 1e400, -0.0, -0]")
@example(b"[18446744073709551616, 0.1000000000000000055511151231257827]")
@example(b"1" * 5_000)
@example(b"[" * 100_000)
def test_whatever_bytes_come_they_say_what_the_standard_library_reads(body: bytes):
    try:
        expected = repr(json.loads(body))
    except (ValueError, RecursionError):
        with pytest.raises(Refused):
            document(body)
    else:
        assert repr(document(body)) == expected
