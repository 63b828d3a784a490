"""A bit that flips on a disk: in the middle of a log's message."""

import random
from pathlib import Path

STREAM_FOLDERS = "*/streams/LOG_*"
BLOCKS = "msgs/*.blk"
ONE_BIT = 1


def flip_log_bit(store: Path, draw: random.Random) -> str:
    """Flips one in the newest log of a nats-server that is down; where. Raises OSError where there is no log."""
    logs = sorted(store.glob(f"jetstream/{STREAM_FOLDERS}"), key=lambda log: log.name)
    blocks = [block for log in logs[-1:] for block in log.glob(BLOCKS) if block.stat().st_size]
    if not blocks:
        raise OSError(f"{store} holds no log")
    block = max(blocks, key=lambda one: one.stat().st_size)
    size = block.stat().st_size
    at = draw.randrange(size // 3, 2 * size // 3)
    with block.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ ONE_BIT]))
    return f"{block.relative_to(store)} at {at} of {size}"
