"""Both regions lost for good, and filled from a backup: after everything else, for it ends what the others stand on."""

import asyncio
import json
import time

import psycopg
import pytest
from ardoise.rehearsal.drills.platform import Reached

from tests.kubernetes.race import INSTALL_LIMIT_S, MARKS
from tests.kubernetes.release import await_ready
from tests.kubernetes.three import ThreeClusters

pytestmark = MARKS
GONE_LIMIT_S = 180.0
FILLED_LIMIT_S = 300.0
"""Every log of the run mirrored and derived again, without checkpoints, where the clusters that do it start as well."""
LOOK_EVERY_S = 1.0


async def test_both_regions_are_lost_for_good_and_filled_from_a_backup(race: ThreeClusters):
    """As docs/backup-and-restore.md says it: both regions lost, the truck lives."""
    amsterdam, london, truck = (race.releases[site] for site in ("amsterdam", "london", "truck"))
    backup = amsterdam.back_up()
    written = await watermarks(race)
    assert written

    for region in (amsterdam, london):
        region.uninstall()
        claims = json.loads(region.kubectl("get", "pvc", "--output=json"))["items"]
        names = {claim["metadata"]["name"] for claim in claims} - {"backups"}
        # They are there until their pods are gone, which have a minute for it.
        region.kubectl("delete", "pvc", *sorted(names), limit_s=GONE_LIMIT_S)
    member = "/var/lib/ardoise/etcd"
    forget = ("rm", "-r", f"{member}/data", f"{member}/generation.json")
    truck.kubectl("exec", "ardoise-data-plane-0", "--container=etcd", "--", *forget)
    truck.kubectl("delete", "pod", "ardoise-data-plane-0")
    amsterdam.install({"restore": {"backup": backup}})
    london.install({"restore": {"elsewhere": True}})
    await_ready(list(race.releases.values()), INSTALL_LIMIT_S)
    # What came after the backup is derived again from the truck's log; a restored primary starts once more meanwhile.
    found: object = None
    began_s = time.monotonic()
    while time.monotonic() - began_s < FILLED_LIMIT_S:
        try:
            found = now = await watermarks(race)
            if all(now.get(epoch, 0) >= upto for epoch, upto in written.items()):
                print(f"{len(written)} logs written down again after {time.monotonic() - began_s:.0f} s")
                return
        except psycopg.OperationalError as error:
            found = error
        await asyncio.sleep(LOOK_EVERY_S)
    said = {
        release.site: release.kubectl("logs", "ardoise-data-plane-0", "--container=patroni", "--tail=40")
        for release in (amsterdam, london)
    }
    pytest.fail(f"written down before the loss: {written}; {FILLED_LIMIT_S:.0f} s later: {found}; {said}")


async def watermarks(race: ThreeClusters) -> dict[int, int]:
    """By epoch, as a region has them."""
    async with await Reached(await race.state()).database("amsterdam") as session:
        return dict(await (await session.execute("SELECT epoch, sequence FROM watermark")).fetchall())
