"""Rows as the bytes of binary COPY, read back by the documented format."""

import struct

import numpy as np
import pytest
from ardoise.chassis.binary_copy import POSTGRES_EPOCH_MS, Column, encode


def read(content: bytes) -> list[list[bytes | None]]:
    """The fields of each row, by the documented format."""
    rows, at = [], 0
    while at < len(content):
        (fields,) = struct.unpack_from(">h", content, at)
        at += 2
        row = []
        for _ in range(fields):
            (size,) = struct.unpack_from(">i", content, at)
            at += 4
            row.append(None if size < 0 else content[at : at + size])
            at += max(size, 0)
        rows.append(row)
    return rows


def test_numbers_and_nulls_stand_in_their_rows():
    content = encode(
        [
            Column("verdict", "smallint", np.array([1, -2, 3], np.int16)),
            Column("gap_ms", "integer", np.array([10, -20, 30]), np.array([False, True, False])),
            Column("sequence", "bigint", np.array([2**40, 5, -6])),
        ]
    )
    assert read(content) == [
        [struct.pack(">h", 1), struct.pack(">i", 10), struct.pack(">q", 2**40)],
        [struct.pack(">h", -2), None, struct.pack(">q", 5)],
        [struct.pack(">h", 3), struct.pack(">i", 30), struct.pack(">q", -6)],
    ]


def test_an_instant_counts_microseconds_from_2000():
    content = encode([Column("time", "timestamptz", np.array([POSTGRES_EPOCH_MS + 1, 0]))])
    assert read(content) == [[struct.pack(">q", 1000)], [struct.pack(">q", -POSTGRES_EPOCH_MS * 1000)]]


@pytest.mark.parametrize(
    "column",
    [
        Column("verdict", "smallint", np.array([2**15])),
        Column("latitude_e7", "integer", np.array([-(2**31) - 1])),
        Column("tracker", "bigint", np.array([2**63], np.uint64)),
        Column("device_time", "timestamptz", np.array([2**62])),
    ],
    ids=lambda column: column.name,
)
def test_a_value_that_does_not_fit_is_refused_not_cut(column: Column):
    with pytest.raises(OverflowError, match=column.name):
        encode([column])


def test_a_null_may_hold_anything():
    content = encode([Column("gap_ms", "integer", np.array([2**40]), np.array([True]))])
    assert read(content) == [[None]]
