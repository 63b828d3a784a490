"""kill -9 of each process of `ardoise up` in turn, under telemetry: log and rows compared afterwards."""

import asyncio
import contextlib
import time
import uuid
from pathlib import Path

import pytest
from ardoise.chassis.bus import Bus
from ardoise.chassis.identity import Role, ensure_development_identity
from ardoise.chassis.log import LogReader
from ardoise.chassis.relay import RelayClient
from ardoise.chassis.rpc import channel
from ardoise.chassis.settings import CommonSettings
from ardoise.chassis.store import Store, StoreUnavailable
from ardoise.ingest.setup.source import read_setup
from ardoise.pb import control_pb2
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.pb.race_pb2 import GetSnapshotRequest
from ardoise.pb.race_pb2_grpc import RaceServiceStub
from ardoise.pb.telemetry_pb2 import Durability, RelayResponse
from ardoise.rehearsal.simulator import Simulation
from ardoise.up.plan import PORTS, SUPERVISOR, Platform
from ardoise.up.ports import Ports
from sqlalchemy import text

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.xdist_group("platform")]

SEED = 7
LIMIT_S = 120
BETWEEN_KILLS_S = 1.0
VICTIMS = (
    "ingest",
    "nats-server",
    "positioning",
    "postgres",
    "recorder",
    "security",
    "analytics",
    "mediawall",
)


class Acknowledged:
    """What the relays were told is safe: frame number and fixes by place in the log."""

    def __init__(self) -> None:
        self.frames: dict[tuple[int, int], int] = {}

    def take(self, response: RelayResponse, _: float) -> None:
        answer = response.acknowledgement
        if response.HasField("acknowledgement") and answer.durability == Durability.DURABILITY_ON_DISK:
            self.frames[answer.position.epoch, answer.position.sequence] = answer.frame_number


async def start_race(platform: Platform, event: Path):
    setup = read_setup(event)
    async with channel(platform.ports.at("ingest"), platform.settings, SUPERVISOR) as opened:
        control = RaceControlServiceStub(opened)
        load = control_pb2.LoadStageRequest(request_id=uuid.uuid4().hex, setup=setup)
        epoch = (await control.LoadStage(load)).epoch
        await control.ActivateStage(
            control_pb2.ActivateStageRequest(request_id=uuid.uuid4().hex, epoch=epoch)
        )
    return setup, epoch


async def send_until(done: asyncio.Event, simulation: Simulation, clients: dict[str, RelayClient]) -> None:
    first_ms = (time.time_ns() // 1_000_000_000 + 1) * 1000
    for second in simulation.seconds(first_ms):
        if done.is_set():
            return
        await asyncio.sleep(max(0.0, second.time_ms / 1000 - time.time()))
        for frame in second.frames:
            clients[frame.relay_id].send(frame)


async def kill_and_await_return(platform: Platform, name: str) -> None:
    part = next(part for part in platform.supervisor.parts if part.name == name)
    before = part.restarts
    part.process.kill()
    async with asyncio.timeout(LIMIT_S):
        while part.restarts == before or part.process.returncode is not None:  # noqa: ASYNC110 - another's state
            await asyncio.sleep(0.05)
        if part.ready is not None:
            await part.ready()
    await asyncio.sleep(BETWEEN_KILLS_S)  # telemetry between two kills, not synchronisation


async def rows_of(store: Store, epoch: int, until: int) -> dict[int, int]:
    """Fixes per message, rows and ledger together, once the watermark has reached `until`."""
    mark = text("SELECT sequence FROM watermark WHERE epoch = :epoch")
    count = text(
        "SELECT sequence, sum(n)::int FROM ("
        " SELECT sequence, 1 AS n FROM fix WHERE epoch = :epoch"
        " UNION ALL SELECT sequence, fixes FROM fix_ledger WHERE epoch = :epoch) AS every GROUP BY sequence"
    )
    async with asyncio.timeout(LIMIT_S):
        while True:
            with contextlib.suppress(StoreUnavailable):
                reached = await store.run(lambda c: c.execute(mark, {"epoch": epoch}).scalar())
                if reached is not None and reached >= until:
                    rows = await store.run(lambda c: c.execute(count, {"epoch": epoch}).all())
                    return {row[0]: row[1] for row in rows}
            await asyncio.sleep(0.2)


async def test_nothing_acknowledged_is_lost_and_no_row_is_double_whatever_is_killed(tmp_path, repository):
    platform = Platform(tmp_path / "state", Ports(dict.fromkeys(PORTS, 0)))
    acknowledged, done = Acknowledged(), asyncio.Event()
    try:
        await platform.start(print)
        setup, epoch = await start_race(platform, repository / "events" / "tour-des-cols" / "event.yaml")
        simulation = Simulation(setup, SEED, start_offset_s=3_000)
        async with contextlib.AsyncExitStack() as stack:
            clients, carrying = {}, []
            for relay_id in simulation.relay_ids:
                ensure_development_identity(platform.settings.identity_dir, relay_id, Role.RELAY)
                opened = await stack.enter_async_context(
                    channel(platform.ports.at("ingest"), platform.settings, relay_id)
                )
                clients[relay_id] = RelayClient(relay_id, opened, on_answer=acknowledged.take)
                carrying.append(asyncio.create_task(clients[relay_id].run()))
            sending = asyncio.create_task(send_until(done, simulation, clients))
            for name in VICTIMS:
                await kill_and_await_return(platform, name)
            done.set()
            await sending
            drained = await asyncio.gather(*(client.drained(LIMIT_S) for client in clients.values()))
            for task in carrying:
                task.cancel()
        assert all(drained), {name: client.unacknowledged for name, client in clients.items()}
        assert not any(client.tally.given_up for client in clients.values())

        environment = platform.environment()
        settings = CommonSettings(state_dir=platform.state_dir, nats_url=environment["ARDOISE_NATS_URL"])
        bus = await Bus.connect(settings, "positioning")
        reader = LogReader(bus)
        last = max(sequence for _, sequence in acknowledged.frames)
        in_log = {}
        async with contextlib.aclosing(reader.follow(epoch, 0)) as batches:
            async for batch in batches:
                in_log |= {
                    e.sequence: e.record.frame for e in batch if e.record.WhichOneof("body") == "frame"
                }
                if batch[-1].sequence >= last:
                    break
        await bus.close()
        store = Store(environment["ARDOISE_DATABASE_URL"], "test")
        rows = await rows_of(store, epoch, last)
        await store.close()
        async with channel(platform.ports.at("positioning"), platform.settings, SUPERVISOR) as opened:
            snapshot = (await RaceServiceStub(opened).GetSnapshot(GetSnapshotRequest())).snapshot
    finally:
        await platform.stop()

    assert {key[0] for key in acknowledged.frames} == {epoch}, "no epoch was lost"
    assert len(acknowledged.frames) > 50  # some eight a second, for as long as the kills take
    for (_, sequence), number in acknowledged.frames.items():
        assert in_log[sequence].frame_number == number
    assert {sequence: len(frame.tracker) for sequence, frame in in_log.items() if sequence <= last} == {
        sequence: fixes for sequence, fixes in rows.items() if sequence <= last
    }, "each fix in the log is a row, or is counted once"
    assert len(snapshot.riders) == len(setup.riders)
    assert all(part.restarts == 1 for part in platform.supervisor.parts if part.name in VICTIMS)
