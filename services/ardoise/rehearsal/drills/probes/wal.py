"""How much the WAL of a region's server takes on its disk."""

import asyncio
from pathlib import Path

from ardoise.rehearsal.drills.history import History, WalSeen

LOOK_EVERY_S = 0.5


async def watch_wal(data: Path, site: str, history: History) -> None:
    """`data`: PostgreSQL's data directory, which may come and go. Looks until cancelled."""
    while True:
        size_bytes = await asyncio.to_thread(_size_bytes, data / "pg_wal")
        history.wal.append(WalSeen(history.now_s(), site, size_bytes))
        await asyncio.sleep(LOOK_EVERY_S)


def _size_bytes(directory: Path) -> int:
    size_bytes = 0
    try:
        for file in directory.iterdir():
            size_bytes += file.stat().st_size
    except FileNotFoundError:
        pass  # Removed or renamed meanwhile: what was seen counts.
    return size_bytes
