"""Fixes of all sources into frames, as one relay of ingest's; each answered once it is in the log."""

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog

from ardoise.chassis.relay import RelayClient
from ardoise.chassis.telemetry import counter
from ardoise.pb.telemetry_pb2 import (
    DURABILITY_ON_DISK,
    BiometricFrame,
    FrameAcknowledgement,
    FrameRefusal,
    RefusalReason,
    RelayResponse,
    TelemetryFrame,
)
from ardoise.trackers.decoding import Fix
from ardoise.trackers.domain.devices import Devices
from ardoise.trackers.domain.numbers import tracker_of

FRAME_EVERY_S = 0.05
MOST_FIXES_A_FRAME = 1_024
MOST_WAITING = 32_768
"""Fixes that are not in the log yet: half a minute of a thousand devices. Beyond it sources are told to keep theirs."""
ANSWER_LIMIT_S = 8.0
"""A device waits so long for its answer: phones give up after ten to sixty seconds, and send again."""

_log = structlog.get_logger(__name__)
_fixes = counter("trackers.fixes", "1", "Fixes that are in the log, by source.")
_away = counter("trackers.log_away", "1", "Messages whose fixes are not known to be in the log, by source.")
_unknown = counter("trackers.unknown", "1", "Fixes of devices that the stage does not know, by source.")


class LogAway(Exception):
    """The fixes are not known to be in the log: keep them, and send them again."""


@dataclass(frozen=True)
class Taken:
    """What became of one message's fixes, which are all answered."""

    refused: tuple[RefusalReason, ...] = ()
    """Of those that are not in the log."""


@dataclass
class _Offer:
    """One message's fixes, until the log has them all."""

    source: str
    fixes: tuple[Fix, ...]
    received_ms: int
    answer: asyncio.Future[Taken]
    refused: list[RefusalReason] = field(default_factory=list)
    left: int = 0
    """How many frames hold fixes of it."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a frame one fix stands."""

    offer: _Offer
    fix: Fix

    @property
    def tracker(self) -> int:
        """The number of its device in the race."""
        return tracker_of(self.offer.source, self.fix.device)


class Gateway:
    """`take` from any number of sources; `run` makes the frames."""

    def __init__(self, relay_id: str, devices: Devices) -> None:
        self._relay_id = relay_id
        self._devices = devices
        self._boot_id = secrets.randbits(63)
        self._frame_number = 0
        self._biometric_number = 0
        self._pending: list[_Place] = []
        self._sent: dict[int, list[_Place]] = {}
        self._waiting = 0
        self._behind_ms = 0
        """This machine's clock, as ingest knows from other relays."""

    async def take(self, source: str, fixes: tuple[Fix, ...], received_ms: int) -> Taken:
        """Waits until they are in the log or refused. Raises LogAway where that is not known in time."""
        if self._waiting + len(fixes) > MOST_WAITING:
            _away.add(1, {"source": source})
            raise LogAway(f"{self._waiting} fixes wait for the log already")
        answer = asyncio.get_running_loop().create_future()
        offer = _Offer(source, fixes, received_ms, answer, left=len(fixes))
        self._pending += [_Place(offer, fix) for fix in fixes]
        self._waiting += len(fixes)
        try:
            return await asyncio.wait_for(answer, ANSWER_LIMIT_S)
        except TimeoutError:
            _away.add(1, {"source": source})
            raise LogAway(f"the log has not answered for {ANSWER_LIMIT_S:.0f} s") from None

    async def run(self, positions: RelayClient, biometrics: RelayClient) -> None:
        """Sends frames of what has come together; what belongs to the teams on a stream of its own."""
        while True:
            await asyncio.sleep(FRAME_EVERY_S)
            while self._pending:
                places = self._pending[:MOST_FIXES_A_FRAME]
                del self._pending[:MOST_FIXES_A_FRAME]
                self._frame_number += 1
                self._sent[self._frame_number] = places
                positions.send(self._frame(places))
                if measured := [place for place in places if _measured(place.fix)]:
                    biometrics.send(self._biometric_frame(measured))

    def answered(self, response: RelayResponse, seconds: float) -> None:
        """Ingest's first answer to a frame: RelayClient's on_answer."""
        del seconds
        if response.WhichOneof("outcome") == "acknowledgement":
            if response.acknowledgement.durability == DURABILITY_ON_DISK:
                self._acknowledged(response.acknowledgement)
        elif not response.refusal.retry_after_ms:
            self._refused_whole(response.refusal)

    def _frame(self, places: list[_Place]) -> TelemetryFrame:
        base_ms = min(place.fix.time_ms for place in places)
        fixes = [place.fix for place in places]
        return TelemetryFrame(
            relay_id=self._relay_id,
            boot_id=self._boot_id,
            frame_number=self._frame_number,
            base_time_ms=base_ms,
            tracker=[place.tracker for place in places],
            time_offset_ms=[fix.time_ms - base_ms for fix in fixes],
            latitude_e7=[fix.latitude_e7 for fix in fixes],
            longitude_e7=[fix.longitude_e7 for fix in fixes],
            speed_mmps=[fix.speed_mmps for fix in fixes],
            accuracy_cm=[fix.accuracy_cm for fix in fixes],
        )

    def _biometric_frame(self, places: list[_Place]) -> BiometricFrame:
        self._biometric_number += 1
        fixes = [place.fix for place in places]
        base_ms = min(fix.time_ms for fix in fixes)
        return BiometricFrame(
            relay_id=self._relay_id,
            boot_id=self._boot_id,
            frame_number=self._biometric_number,
            base_time_ms=base_ms,
            tracker=[place.tracker for place in places],
            time_offset_ms=[fix.time_ms - base_ms for fix in fixes],
            heart_rate_bpm=[fix.heart_rate_bpm for fix in fixes],
            power_w=[fix.power_w for fix in fixes],
            cadence_rpm=[fix.cadence_rpm for fix in fixes],
        )

    def _acknowledged(self, answer: FrameAcknowledgement) -> None:
        self._behind_ms = answer.clock_behind_ms
        refused = {fix.index: fix.reason for fix in answer.refused}
        places = self._sent.pop(answer.frame_number, [])
        self._settle((place, refused.get(index)) for index, place in enumerate(places))

    def _refused_whole(self, refusal: FrameRefusal) -> None:
        """A fault of ours, never of a device: whoever sent what stands in it keeps it, and sends it again."""
        _log.error("frame_refused", reason=RefusalReason.Name(refusal.reason), detail=refusal.detail)
        for place in self._sent.pop(refusal.frame_number, []):
            self._waiting -= 1
            if not place.offer.answer.done():
                place.offer.answer.set_exception(LogAway(f"ingest refused the frame: {refusal.detail}"))

    def _settle(self, places: Iterable[tuple[_Place, RefusalReason | None]]) -> None:
        for place, refused in places:
            offer = place.offer
            self._waiting -= 1
            offer.left -= 1
            known = refused != RefusalReason.REFUSAL_REASON_UNKNOWN_TRACKER
            self._devices.heard(offer.source, place.fix, offer.received_ms, known, self._behind_ms)
            if not known:
                _unknown.add(1, {"source": offer.source})
            elif refused:
                self._devices.refused(offer.source, place.fix.device)
            else:
                _fixes.add(1, {"source": offer.source})
            if refused:
                offer.refused.append(refused)
            if not offer.left and not offer.answer.done():
                offer.answer.set_result(Taken(tuple(offer.refused)))


def _measured(fix: Fix) -> bool:
    """Whether it has what belongs to the team."""
    return max(fix.heart_rate_bpm, fix.power_w, fix.cadence_rpm) >= 0
