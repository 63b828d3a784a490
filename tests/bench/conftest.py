"""The stage that the figures are taken with, a platform to run it, and databases."""

from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

import pytest
from ardoise.ingest.setup.source import read_setup
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.rehearsal.simulator import SimulatedSecond, Simulation

from tests.bench.race_site import RaceSite
from tests.support.database_fixtures import database, database_server, plain_url
from tests.support.stretched import programs

__all__ = ["database", "database_server", "plain_url", "programs"]

SEED = 20260704
# By then a break is ahead and the first riders are behind: several groups, motorbikes with each.
OFFSET_S = 6_600
# The register of fixes is a table for what is at most ten minutes older than the first record.
LENGTH_S = 590


@pytest.fixture(scope="session")
def stage(repository: Path) -> StageSetup:
    """176 riders over a mountain stage."""
    return read_setup(repository / "events" / "tour-des-cols" / "event.yaml")


@pytest.fixture(scope="session")
def seconds(stage: StageSetup) -> list[SimulatedSecond]:
    """LENGTH_S of it as its relays hear it; device times count from 0."""
    return list(islice(Simulation(stage, SEED, start_offset_s=OFFSET_S).seconds(0), LENGTH_S))


@pytest.fixture
async def race_site(tmp_path: Path) -> AsyncIterator[RaceSite]:
    """Everything that `ardoise up` starts, a process each, without a stage yet."""
    site = RaceSite(tmp_path)
    try:
        await site.start()
        yield site
    finally:
        await site.stop()
