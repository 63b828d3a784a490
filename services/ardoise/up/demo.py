"""A race on this machine: simulated, recorded, or from a race centre's stream."""

import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from ardoise.chassis.rpc import channel
from ardoise.ingest.racecentre.discovery import discover_setup
from ardoise.ingest.racecentre.recording import read_recording
from ardoise.ingest.setup.source import read_setup
from ardoise.pb import control_pb2
from ardoise.pb.control_pb2_grpc import RaceControlServiceStub
from ardoise.pb.setup_pb2 import ClockSource, StageSetup
from ardoise.up.plan import PORTS, Platform
from ardoise.up.ports import Ports
from ardoise.up.services import SUPERVISOR, argv
from ardoise.up.supervisor import Part, bound_command

RACE_CENTRE_PORT = 7480
# Before the planned start of a recording there is an hour of bikes in a car park.
SIMULATED_EVENT = Path(__file__).resolve().parents[3] / "events" / "tour-des-cols" / "event.yaml"
RECORDING_SPEED = 10.0
# By then the break of the day is minutes ahead and the first pass is behind the field.
START_OFFSET_S = 6_600
# The head's passages of the last minutes, or nobody behind it would have a gap to it yet.
HISTORY_S = 1_200
NEUTRAL_ZONE_S = 600


@dataclass(frozen=True)
class Race:
    """Where the demo's race comes from. All empty: the simulator."""

    source: str = ""
    """Path of a recording, or URL of a stream."""
    setup: str = ""
    """Path of an event file or recording, for a stream that has no set-up beside it."""
    speed: float = 0.0
    """Times real time; 0: the source's own."""

    @property
    def is_url(self) -> bool:
        """Whether the race comes from a stream somewhere."""
        return self.source.startswith(("http://", "https://"))


class Demo:
    """A platform in a directory that goes away with it, and a race on it."""

    def __init__(self, race: Race) -> None:
        self._race = race
        self._directory = tempfile.TemporaryDirectory(prefix="ardoise-demo-", ignore_cleanup_errors=True)
        self.ports = Ports({**PORTS, "race-centre": RACE_CENTRE_PORT})
        url = (
            race.source
            if race.is_url
            else f"http://{self.ports.at('race-centre')}/live-stream"
            if race.source
            else ""
        )
        self.platform = Platform(Path(self._directory.name), self.ports, race_centre_url=url)

    async def start(self, progress: Callable[[str], None]) -> None:
        """Starts everything and the race. Raises what a person can mend as ValueError or RuntimeError."""
        progress("reading the stage")
        setup = await self._setup()
        await self.platform.start(progress)
        progress("the race")
        if self._race.source and not self._race.is_url:
            await self.platform.supervisor.start(self._recording(setup))
        await self._start_race(setup)
        if not self._race.source:
            await self.platform.supervisor.start(self._relays())

    async def stop(self) -> None:
        """Stops everything and removes the directory."""
        await self.platform.stop()
        self._directory.cleanup()

    async def _setup(self) -> StageSetup:
        race = self._race
        if race.setup:
            setup = read_setup(Path(race.setup))
        elif race.is_url:
            async with httpx.AsyncClient() as http:
                setup = await discover_setup(race.source, http)
        else:
            setup = read_setup(Path(race.source) if race.source else SIMULATED_EVENT)
        if race.source:
            setup.clock_source = ClockSource.CLOCK_SOURCE_FEED
        return setup

    async def _start_race(self, setup: StageSetup) -> None:
        async with channel(self.ports.at("ingest"), self.platform.settings, SUPERVISOR) as opened:
            control = RaceControlServiceStub(opened)
            loaded = await control.LoadStage(
                control_pb2.LoadStageRequest(request_id=uuid.uuid4().hex, setup=setup)
            )
            activate = control_pb2.ActivateStageRequest(request_id=uuid.uuid4().hex, epoch=loaded.epoch)
            await control.ActivateStage(activate)
            start = control_pb2.Decision(reason="demo", start=control_pb2.StartRace())
            if not self._race.source:
                underway_s = START_OFFSET_S - NEUTRAL_ZONE_S
                start.effective_time_ms = time.time_ns() // 1_000_000 - underway_s * 1000
            await control.RecordDecision(
                control_pb2.RecordDecisionRequest(
                    request_id=uuid.uuid4().hex, epoch=loaded.epoch, decision=start
                )
            )

    def _recording(self, setup: StageSetup) -> Part:
        first = read_recording(Path(self._race.source)).first_event_at(setup.planned_start_ms)
        command = argv(
            "rehearse",
            "recording",
            str(Path(self._race.source).absolute()),
            f"--speed={self._race.speed or RECORDING_SPEED}",
            f"--first={first}",
            f"--listen={self.ports.at('race-centre')}",
        )
        return Part("race-centre", bound_command(command), self.platform.environment())

    def _relays(self) -> Part:
        command = argv(
            "rehearse",
            "relays",
            str(SIMULATED_EVENT),
            f"--offset={START_OFFSET_S}",
            f"--history={HISTORY_S}",
            "--attacked",
        )
        return Part("relays", bound_command(command), self.platform.environment())
