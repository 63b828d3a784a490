"""A stage, simulated second by second: what the relays send, and the truth beside it."""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from ardoise.pb.setup_pb2 import StageSetup
from ardoise.pb.telemetry_pb2 import TelemetryFrame
from ardoise.rehearsal.attack import Attack, Attacker
from ardoise.rehearsal.race_model import RaceModel, Truth
from ardoise.rehearsal.radio import Radio

PRELUDE_STEP_S = 3.0
"""Step of the race before the first second that is asked for: 5,600 s of it take about a second."""
LONGEST_RACE_S = 8 * 3600
AFTER_THE_LAST_S = 120


@dataclass(frozen=True)
class SimulatedSecond:
    """One second of a simulated race."""

    time_ms: int
    """Device time, milliseconds since 1970."""
    frames: list[TelemetryFrame]
    """What arrives from all relays, honest and not; each is complete and can be sent as it is."""
    truth: Truth


class Simulation:
    """A race from `start_offset_s` after the start of the neutral zone until all are home.

    Race and truth depend on (stage, seed, start_offset_s) alone; what happened before the offset is raced
    through in the constructor, in about a second. `radio_seed`: for the receivers' noise and the relays' boot
    ids; give another one for each run into the same log (default: `seed`). `reports_a_second`: of each sensor.
    """

    def __init__(
        self,
        stage: StageSetup,
        seed: int,
        *,
        start_offset_s: int = 0,
        attack: Attack | None = None,
        radio_seed: int | None = None,
        reports_a_second: int = 1,
    ) -> None:
        self._reports_a_second = reports_a_second
        self._model = RaceModel(stage, seed)
        while self._model.elapsed_s < start_offset_s:
            self._model.step(min(PRELUDE_STEP_S, start_offset_s - self._model.elapsed_s))
        tracker_of = {assignment.bib: assignment.tracker for assignment in stage.assignments}
        trackers = [tracker_of[rider.bib] for rider in stage.riders]
        random = np.random.default_rng(seed if radio_seed is None else radio_seed)
        terrain = self._model.terrain
        self._radio = Radio(terrain, trackers, random, 1 / reports_a_second)
        self._attacker = Attacker(attack, terrain, trackers, random) if attack else None
        self._planned_ms = stage.planned_start_ms + start_offset_s * 1000

    @property
    def relay_ids(self) -> list[str]:
        """Who sends the frames."""
        return self._radio.relays

    def seconds(
        self, first_time_ms: int | None = None, *, unheard: Callable[[int], bool] = lambda second: False
    ) -> Iterator[SimulatedSecond]:
        """The race, report by report. `first_time_ms`: device time of the first (default: as planned).

        `unheard` is asked before each, by its number: what it says yes to is raced, but neither heard nor given.
        """
        first_ms = self._planned_ms if first_time_ms is None else first_time_ms
        each_s = 1 / self._reports_a_second
        over_for_s = 0.0
        for number in range(LONGEST_RACE_S * self._reports_a_second):
            time_ms = first_ms + number * 1000 // self._reports_a_second
            if not unheard(number):
                truth = self._model.truth()
                frames = self._radio.heard(truth, time_ms)
                if self._attacker:
                    frames += self._attacker.second(truth, time_ms, number // self._reports_a_second)
                yield SimulatedSecond(time_ms, frames, truth)
            over_for_s += self._model.over * each_s
            if over_for_s > AFTER_THE_LAST_S:
                return
            self._model.step(each_s)


class TruthFile:
    """The truth beside a simulated race: gzip-compressed CSV, one line a second.

    Columns: time_ms, then for each rider distance_cm_<bib> (from kilometre 0), gap_ms_<bib> (to the head of
    the race at the same point of the road) and state_<bib> (0 riding, 1 finished, 2 abandoned).
    """

    def __init__(self, path: Path, bibs: list[int]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = gzip.open(path, "wt", encoding="ascii", compresslevel=5)  # noqa: SIM115 (closed in __exit__)
        names = (f"{what}_{bib}" for what in ("distance_cm", "gap_ms", "state") for bib in bibs)
        self._file.write(",".join(("time_ms", *names)) + "\n")

    def add(self, second: SimulatedSecond) -> None:
        """Writes one second."""
        truth = second.truth
        columns = (truth.distance_m * 100, truth.gap_s * 1000, truth.finished + 2.0 * truth.abandoned)
        values = np.rint(np.concatenate(columns)).astype(np.int64)
        self._file.write(f"{second.time_ms}," + ",".join(map(str, values.tolist())) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
