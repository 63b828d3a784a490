"""The engine's state as bytes: JSON for what is small, raw little-endian arrays for the rest."""

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"ardoise checkpoint 1\n"
DIGEST_BYTES = 16


class CheckpointError(ValueError):
    """The bytes are torn, or of another version of the engine."""


def pack(meta: dict[str, Any], arrays: dict[str, NDArray]) -> bytes:
    """Meta must be JSON's own types; arrays of any numeric type and shape."""
    order = sorted(arrays)
    shapes = {name: [arrays[name].dtype.newbyteorder("<").str, list(arrays[name].shape)] for name in order}
    head = json.dumps({"meta": meta, "arrays": shapes}, sort_keys=True).encode()
    parts = [MAGIC, len(head).to_bytes(8, "little"), head]
    parts += [np.ascontiguousarray(arrays[name], shapes[name][0]).tobytes() for name in order]
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        digest.update(part)
    return b"".join([*parts, digest.digest()])


def unpack(content: bytes) -> tuple[dict[str, Any], dict[str, NDArray]]:
    """Raises CheckpointError for bytes that are not whole."""
    body, digest = content[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
    if not body.startswith(MAGIC) or hashlib.blake2b(body, digest_size=DIGEST_BYTES).digest() != digest:
        raise CheckpointError("not a whole checkpoint")
    at = len(MAGIC) + 8
    length = int.from_bytes(body[len(MAGIC) : at], "little")
    head = json.loads(body[at : at + length])
    at += length
    arrays = {}
    for name in sorted(head["arrays"]):
        kind, shape = head["arrays"][name]
        size = np.dtype(kind).itemsize * int(np.prod(shape, dtype=np.int64))
        arrays[name] = (
            np.frombuffer(body, kind, count=size // np.dtype(kind).itemsize, offset=at).reshape(shape).copy()
        )
        at += size
    return head["meta"], arrays


def under(prefix: str, arrays: dict[str, NDArray]) -> dict[str, NDArray]:
    """The arrays whose names begin so, by the rest of their names."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
