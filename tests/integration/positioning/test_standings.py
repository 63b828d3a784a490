"""Standings over gRPC as a fan asks, and from the command line; an incident from race control to the result."""

import asyncio
import os
import sys

import pytest
from ardoise.chassis.rpc import Reason
from ardoise.pb import race_pb2
from ardoise.pb.race_pb2_grpc import RaceServiceStub

from tests.integration.positioning.conftest import Log, Process
from tests.integration.positioning.test_race_service import reached, refused, ride
from tests.support.platform import Platform, activate

COMMAND_LIMIT_S = 30


async def ardoise(platform: Platform, *words: str) -> str:
    """What the command prints; it has to succeed."""
    surroundings = {
        "ARDOISE_STATE_DIR": str(platform.state_dir),
        "ARDOISE_IDENTITY_DIR": str(platform.identity_dir),
        "COLUMNS": "160",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from ardoise.cli import main; main()", *words),
        env=os.environ | surroundings,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), COMMAND_LIMIT_S)
    assert process.returncode == 0, output.decode()
    return output.decode()


async def test_standings_are_served_now_and_at_any_point(log: Log, race) -> None:
    await log.start()
    await ride(log, 1, 60)
    await reached(race, log)
    found = await race.GetStandings(race_pb2.GetStandingsRequest())
    assert [(line.bib, line.passed) for line in found.result] == [(1, False), (2, False)]
    assert found.result[1].gap_s == pytest.approx(10, abs=3)
    assert [line.bib for line in found.general] == [1, 2]
    assert (found.position.epoch, found.position.sequence) == (log.epoch, log.last_sequence)
    there = await race.GetStandings(race_pb2.GetStandingsRequest(distance_cm=48_000))
    assert [(line.bib, line.passed) for line in there.result] == [(1, True), (2, True)]
    assert there.result[1].gap_s == pytest.approx(8, abs=1)
    for beyond_cm in (-1, 2_000_000):
        asked = race.GetStandings(race_pb2.GetStandingsRequest(distance_cm=beyond_cm))
        assert await refused(asked) == Reason.ERROR_REASON_FIELD_INVALID
    assert (
        await refused(race.GetStandings(race_pb2.GetStandingsRequest(epoch=5)))
        == Reason.ERROR_REASON_EPOCH_UNKNOWN
    )


async def test_the_command_shows_them(log: Log, positioning: Process, platform: Platform) -> None:
    await log.start()
    await ride(log, 1, 60)
    async with positioning.channel() as channel:
        await reached(RaceServiceStub(channel), log)
    target = f"127.0.0.1:{positioning.port}"
    said = await ardoise(platform, "race", "standings", "--km", "0.48", "--target", target)
    assert "Rider 2 (AAA)" in said
    assert "Provisional result at km 0.5" in said
    assert "General classification" in said


async def test_race_control_records_an_incident_from_the_command_line(platform: Platform, free_port) -> None:
    port = free_port()
    target = f"127.0.0.1:{port}"
    async with platform.ingest(port):
        await activate(platform, port)
        said = await ardoise(
            platform, "race", "incident", "2", "puncture", "--reason", "noted", "--target", target
        )
        assert said.startswith("incident: decision ")
        decisions = await ardoise(platform, "race", "decisions", "--target", target)
        assert "incident bib 2 kind puncture" in decisions
