"""Real load through real relays, and a list of every frame that was acknowledged to them."""

import asyncio
import time
from contextlib import AsyncExitStack

from ardoise.chassis.identity import Role
from ardoise.chassis.relay import RelayClient
from ardoise.pb.common_pb2 import ResumeToken
from ardoise.pb.setup_pb2 import StageSetup
from ardoise.pb.telemetry_pb2 import RefusalReason, RelayResponse, TelemetryFrame
from ardoise.rehearsal.drills.history import Acknowledged, FixKey, History, InRegion, Refused
from ardoise.rehearsal.drills.platform import Reached
from ardoise.rehearsal.drills.waits import Wait
from ardoise.rehearsal.simulator import Simulation

START_OFFSET_S = 6_600
"""By then the field is in groups on its climbs, and relays hear many bikes two to five times."""


class Relays:
    """All relays of a simulated stage. `run` rides until `stop`; `send_again` repeats what was acknowledged."""

    def __init__(self, reached: Reached, truck: str, history: History) -> None:
        self._reached, self._truck, self._history = reached, truck, history
        self._clients: dict[str, RelayClient] = {}
        self._sent: dict[tuple[str, int], TelemetryFrame] = {}
        self._stopped = asyncio.Event()
        self._times_a_second = history.load

    async def run(self, stage: StageSetup, seed: int) -> None:
        """Sends report by report. The same seed is the same race, heard in the same way."""
        simulation = await asyncio.to_thread(
            Simulation,
            stage,
            seed,
            start_offset_s=START_OFFSET_S,
            reports_a_second=self._history.load,
        )
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            for relay_id in simulation.relay_ids:
                self._reached.identity(relay_id, Role.RELAY)
                opened = await stack.enter_async_context(
                    self._reached.channel(self._truck, "ingest", relay_id)
                )
                self._clients[relay_id] = self._client(relay_id, opened)
            running = [group.create_task(client.run()) for client in self._clients.values()]
            await self._ride(simulation)
            patience_s = Wait.QUIET.seconds * self._history.load
            await asyncio.gather(*(client.drained(patience_s) for client in self._clients.values()))
            for task in running:
                task.cancel()

    def stop(self) -> None:
        """No more seconds; `run` ends when a region has every frame."""
        self._stopped.set()

    def report(self, times_a_second: int) -> None:
        """So often from now on: a divisor of the load."""
        self._times_a_second = times_a_second

    @property
    def kept(self) -> int:
        """Frames that no region has acknowledged yet."""
        return sum(client.unacknowledged for client in self._clients.values())

    def send_again(self) -> None:
        """Every frame that was acknowledged, at once."""
        for relay_id, number in {(one.frame[0], one.frame[2]) for one in self._history.acknowledged}:
            self._clients[relay_id].send(self._sent[relay_id, number])

    async def _ride(self, simulation: Simulation) -> None:
        first_ms = (time.time_ns() // 1_000_000_000 + 1) * 1000
        begins_s = time.monotonic() + first_ms / 1000 - time.time()

        def unheard(number: int) -> bool:
            return number % (self._history.load // self._times_a_second) != 0

        for second in simulation.seconds(first_ms, unheard=unheard):
            left_s = begins_s + (second.time_ms - first_ms) / 1000 - time.monotonic()
            try:
                await asyncio.wait_for(self._stopped.wait(), max(0.0, left_s))
            except TimeoutError:
                for frame in second.frames:
                    self._sent[frame.relay_id, frame.frame_number] = frame
                    self._clients[frame.relay_id].send(frame)
            else:
                return

    def _client(self, relay_id: str, opened) -> RelayClient:
        def answered(response: RelayResponse, latency_s: float) -> None:
            if response.WhichOneof("outcome") == "acknowledgement":
                self._acknowledged(relay_id, response, latency_s)
            elif response.refusal.reason == RefusalReason.REFUSAL_REASON_LOG_FULL:
                frame = self._sent[relay_id, response.refusal.frame_number]
                key = (relay_id, frame.boot_id, frame.frame_number)
                self._history.refused.append(Refused(self._history.now_s(), key))

        def in_region(at: ResumeToken) -> None:
            self._history.in_region.append(InRegion(self._history.now_s(), at.epoch, at.sequence))

        return RelayClient(relay_id, opened, on_answer=answered, on_region=in_region)

    def _acknowledged(self, relay_id: str, response: RelayResponse, latency_s: float) -> None:
        acknowledgement = response.acknowledgement
        frame = self._sent[relay_id, acknowledgement.frame_number]
        refused = {fix.index for fix in acknowledgement.refused}
        if acknowledgement.position.epoch > self._history.epoch:
            self._history.goes_on_in(acknowledgement.position.epoch)
        self._history.acknowledged.append(
            Acknowledged(
                at_s=self._history.now_s(),
                latency_s=latency_s,
                frame=(relay_id, frame.boot_id, frame.frame_number),
                epoch=acknowledgement.position.epoch,
                sequence=acknowledgement.position.sequence,
                fixes=tuple(fix for index, fix in enumerate(fixes_of(frame)) if index not in refused),
            )
        )


def fixes_of(frame: TelemetryFrame) -> list[FixKey]:
    """Each fix by what makes it one."""
    return [
        (tracker, frame.base_time_ms + offset_ms)
        for tracker, offset_ms in zip(frame.tracker, frame.time_offset_ms, strict=True)
    ]
