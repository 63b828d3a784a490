"""The weather of the race: which report holds when, and that the race is the same without."""

from ardoise.chassis.log import LogEntry
from ardoise.pb.log_pb2 import Heartbeat, LogRecord
from ardoise.pb.race_pb2 import Snapshot
from ardoise.pb.weather_pb2 import WeatherReport
from ardoise.positioning.domain import Race
from ardoise.positioning.weather import MOST_REPORTS, OLD_AFTER_MS, Weather

from tests.support.stage import frame_of, small_stage

T0_MS = 1_700_000_000_000
EPOCH = 1_000
OF_A_LATER_VERSION = b"\xfa\x3e\x02ab"
"""Field 1007 of a LogRecord: a body that this version does not know."""


def report(at_ms: int, celsius: int = 20) -> WeatherReport:
    return WeatherReport(source="finish", effective_time_ms=at_ms, temperature_c_e2=celsius * 100)


def of_kind(kind: str, at_ms: int) -> LogRecord:
    """A record between the ticks: weather, as an older version reads it, a heartbeat."""
    if kind == "weather":
        return LogRecord(log_time_ms=at_ms, weather=report(at_ms))
    if kind == "unknown":
        known = LogRecord(log_time_ms=at_ms)
        return LogRecord.FromString(known.SerializeToString() + OF_A_LATER_VERSION)
    return LogRecord(log_time_ms=at_ms, heartbeat=Heartbeat())


def ridden(kind: str, seconds: int = 60, *, race: Race | None = None) -> list[Snapshot]:
    """Every picture of a race in which something else is written each second, long past a tick."""
    race = race or Race(EPOCH)
    pictures = []
    records = [
        LogRecord(log_time_ms=T0_MS),
        LogRecord(log_time_ms=T0_MS, stage_setup=small_stage(planned_start_ms=T0_MS)),
    ]
    for second in range(1, seconds):
        now_ms = T0_MS + second * 1_000
        frame = frame_of("moto-1", second, [9001, 9002], at_ms=now_ms)
        records += [LogRecord(log_time_ms=now_ms, frame=frame), of_kind(kind, now_ms + 700)]
    for sequence, record in enumerate(records, 1):
        if race.apply(LogEntry(sequence, record)).snapshot is not None:
            pictures.append(race.closed.message)
    return pictures


def test_the_newest_report_whose_time_has_come_holds():
    weather = Weather()
    for each in (report(T0_MS, 20), report(T0_MS + 60_000, 25), report(T0_MS - 60_000, 15)):
        weather.add(each)
    assert weather.at(T0_MS - 60_001) is None
    times_ms = (T0_MS - 60_000, T0_MS - 1, T0_MS, T0_MS + 59_999, T0_MS + 60_000)
    assert [weather.at(ms).report.temperature_c_e2 // 100 for ms in times_ms] == [15, 15, 20, 20, 25]
    weather.add(report(T0_MS, 21))
    assert weather.at(T0_MS).report.temperature_c_e2 == 2_100, "corrected: the later one of the log"


def test_a_report_says_how_old_it_is_and_past_half_an_hour_that_it_is_old():
    weather = Weather([report(T0_MS)])
    fresh, old = weather.at(T0_MS + OLD_AFTER_MS), weather.at(T0_MS + OLD_AFTER_MS + 1)
    assert (fresh.age_ms, fresh.old) == (OLD_AFTER_MS, False)
    assert (old.age_ms, old.old) == (OLD_AFTER_MS + 1, True)


def test_no_more_reports_are_kept_than_a_stage_needs():
    weather = Weather()
    for number in range(MOST_REPORTS + 5):
        weather.add(report(T0_MS + number))
    assert len(weather.reports) == MOST_REPORTS
    assert weather.at(T0_MS + MOST_REPORTS + 4).age_ms == 0
    assert weather.at(T0_MS + 4) is None, "the oldest went"


def test_a_site_that_does_not_know_weather_yet_shows_the_same_pictures():
    known, unknown = ridden("weather"), ridden("unknown")
    assert len(known) > 50
    assert all(picture.HasField("weather") for picture in known[2:])
    for picture in known:
        picture.ClearField("weather")
    assert known == unknown, "names and digests"


def test_a_race_without_weather_says_that_there_is_none():
    assert not any(picture.HasField("weather") for picture in ridden("beat"))


def test_a_restored_race_goes_on_with_its_weather_also_with_what_does_not_hold_yet():
    race = Race(EPOCH)
    ridden("weather", race=race)
    race.apply(LogEntry(race.sequence + 1, LogRecord(weather=report(T0_MS + 90_000, 30))))
    restored = Race.restore(race.checkpoint())
    for each in (race, restored):
        for at_ms in (T0_MS + 80_001, T0_MS + 95_001):
            each.apply(LogEntry(each.sequence + 1, LogRecord(log_time_ms=at_ms, heartbeat=Heartbeat())))
    assert race.closed.message.weather.report.temperature_c_e2 == 3_000
    assert restored.closed.message == race.closed.message
