"""Columns of numbers as the bytes of PostgreSQL's binary COPY, without a Python object per value.

Format: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS (binary).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection, sql

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
# Rows turned into bytes at once: what is copied between two awaits, about 2 MB.
SLICE_ROWS = 16_384
# timestamptz counts microseconds from 2000-01-01T00:00:00Z.
POSTGRES_EPOCH_MS = 946_684_800_000

type Kind = Literal["smallint", "integer", "bigint", "timestamptz"]
_WIRE = {"smallint": ">i2", "integer": ">i4", "bigint": ">i8", "timestamptz": ">i8"}


@dataclass(frozen=True, eq=False)
class Column:
    """One column: integers of any type; instants as milliseconds since 1970."""

    name: str
    kind: Kind
    values: NDArray
    null: NDArray[np.bool_] | None = None
    """Where it is NULL; None: nowhere."""


def encode(columns: list[Column]) -> bytes:
    """The rows' bytes, without signature and trailer. Raises OverflowError where a value does not fit."""
    count = len(columns[0].values)
    wires = [np.dtype(_WIRE[column.kind]) for column in columns]
    rows = np.empty((count, 2 + sum(4 + wire.itemsize for wire in wires)), np.uint8)
    kept: NDArray[np.bool_] | None = None
    rows[:, 0:2] = np.frombuffer(len(columns).to_bytes(2), np.uint8)
    at = 2
    for column, wire in zip(columns, wires, strict=True):
        size = wire.itemsize
        rows[:, at : at + 4] = np.frombuffer(size.to_bytes(4), np.uint8)
        at += 4
        rows[:, at : at + size] = _wire_values(column, wire).view(np.uint8).reshape(count, size)
        if column.null is not None and column.null.any():
            if kept is None:
                kept = np.ones(rows.shape, np.bool_)
            rows[column.null, at - 4 : at] = 0xFF
            kept[column.null, at : at + size] = False
        at += size
    return rows.tobytes() if kept is None else rows[kept].tobytes()


async def copy(connection: AsyncConnection, table: str, columns: list[Column]) -> int:
    """Copies the rows into the table, within the connection's transaction; returns how many.

    Raises OverflowError, before anything is sent, where a value does not fit its column.
    """
    count = len(columns[0].values)
    if not count:
        return 0
    slices = [encode([_cut(column, at) for column in columns]) for at in range(0, count, SLICE_ROWS)]
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    )
    async with connection.cursor() as cursor, cursor.copy(statement) as stream:
        await stream.write(SIGNATURE)
        for rows in slices:
            await stream.write(rows)
        await stream.write(TRAILER)
    return count


def _wire_values(column: Column, wire: np.dtype) -> NDArray:
    values = np.asarray(column.values)
    if column.null is not None:
        values = np.where(column.null, 0 if column.kind != "timestamptz" else POSTGRES_EPOCH_MS, values)
    lowest, highest = -(1 << (8 * wire.itemsize - 1)), (1 << (8 * wire.itemsize - 1)) - 1
    if column.kind == "timestamptz":
        lowest, highest = lowest // 1000 + POSTGRES_EPOCH_MS, highest // 1000
    if (len(values) and not np.can_cast(values.dtype, wire)) or column.kind == "timestamptz":
        least, most = int(values.min()), int(values.max())
        if least < lowest or most > highest:
            raise OverflowError(f"{column.name}: {least} to {most} does not fit {column.kind}")
    if column.kind == "timestamptz":
        values = (values.astype(np.int64) - POSTGRES_EPOCH_MS) * 1000
    return np.ascontiguousarray(values.astype(wire))


def _cut(column: Column, at: int) -> Column:
    null = None if column.null is None else column.null[at : at + SLICE_ROWS]
    return Column(column.name, column.kind, column.values[at : at + SLICE_ROWS], null)
