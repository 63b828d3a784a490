"""Derives the values of each second of the race and keeps the memory that they are made from."""

import time

from ardoise.analytics.newest_of_stages import NewestOfStages
from ardoise.analytics.values.advance import advance, memory_of
from ardoise.analytics.values.contract import course_of, second_of, values_set, weather_of
from ardoise.analytics.values.memory import Memory
from ardoise.analytics.values.registry import columns
from ardoise.analytics.values.scene import Course, Scene
from ardoise.chassis.telemetry import histogram
from ardoise.pb import analytics_pb2, race_pb2, setup_pb2

_lasting = histogram("analytics.values_duration", "ms", "Time that the derived values of one second took.")


class Deriver(NewestOfStages[analytics_pb2.RiderValuesSet]):
    """State of one watcher of the race. Not for several threads."""

    def __init__(self) -> None:
        super().__init__()
        self._epoch = 0
        self._course: Course | None = None
        self._memory: Memory | None = None
        self._second = 0

    def begin_stage(self, epoch: int, setup: setup_pb2.StageSetup) -> None:
        """Another stage: its road and riders, and nothing seen of it yet."""
        self._epoch, self._course = epoch, course_of(setup)
        self._memory, self._second = memory_of(self._course), 0

    def take(self, snapshot: race_pb2.Snapshot) -> None:
        """Derives and publishes the values of a snapshot of the stage that was begun, once a second of the race."""
        assert self._course is not None
        assert self._memory is not None
        self.reached(snapshot.name.epoch, snapshot.name.sequence)
        if snapshot.race_time_ms // 1000 <= self._second:
            return
        self._second = snapshot.race_time_ms // 1000
        started = time.perf_counter()
        scene = Scene(self._course, second_of(snapshot, self._course.bib), self._memory, weather_of(snapshot))
        advance(scene)
        self.publish(self._epoch, values_set(snapshot, self._course.bib, columns(scene)))
        _lasting.record(1000 * (time.perf_counter() - started))
