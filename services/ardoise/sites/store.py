"""What the region's own server of the database says of how far each log is written down."""

import asyncio

from sqlalchemy import select

from ardoise.chassis.store import Store, StoreUnavailable
from ardoise.chassis.tables import Watermark
from ardoise.pb.sites_pb2 import WatermarksReport

ASK_LIMIT_S = 1.5


class WatermarkStore:
    """Read only: a standby answers as well as a primary."""

    def __init__(self, url: str) -> None:
        """`url`: of libpq; its first host is asked and no other."""
        self._store = Store(url, "sites").nearest()

    async def report(self) -> WatermarksReport | None:
        """None: it does not answer in time, or has no tables yet."""
        try:
            async with asyncio.timeout(ASK_LIMIT_S), self._store.transaction() as connection:
                rows = (await connection.execute(select(Watermark.epoch, Watermark.sequence))).all()
        except (StoreUnavailable, TimeoutError):
            return None
        report = WatermarksReport()
        for epoch, sequence in rows:
            report.watermarks.add(epoch=epoch, sequence=sequence)
        return report

    async def close(self) -> None:
        """Closes the sessions."""
        await self._store.close()
