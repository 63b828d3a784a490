"""Weather from files and answers: what is read, and what is refused with its reason."""

import json
from pathlib import Path
from typing import Any

import pytest
from ardoise.ingest.weather.following import FIRST_BACKOFF_S, LONGEST_BACKOFF_S, NotTaken, follow, request_id
from ardoise.ingest.weather.lines import MOST_LINE_BYTES, FileSource, Lines
from ardoise.ingest.weather.open_meteo import decode
from ardoise.ingest.weather.values import SourceRefused, Why, report_of
from ardoise.pb.weather_pb2 import WeatherReport

NOON = "2026-07-07T12:00:00+02:00"
NOON_MS = 1_783_418_400_000


def why(call: Any, *arguments: Any) -> Why:
    with pytest.raises(SourceRefused) as refused:
        call(*arguments)
    return refused.value.why


def test_values_become_a_report_in_the_units_of_the_contract():
    said = {
        "temperature_c": -1.5,
        "wind_mps": 4.25,
        "wind_from_deg": 360,
        "pressure_hpa": 987.65,
        "humidity_percent": 65,
        "rain_mmph": 1.2,
        "latitude": 45.1,
        "longitude": -6,
    }
    assert report_of(said, NOON_MS, "finish") == WeatherReport(
        source="finish",
        effective_time_ms=NOON_MS,
        temperature_c_e2=-150,
        wind_mmps=4_250,
        wind_from_deg=0,
        pressure_pa=98_765,
        humidity_permille=650,
        rain_umph=1_200,
        latitude_e7=451_000_000,
        longitude_e7=-60_000_000,
    )
    assert not report_of({"wind_mps": 0}, 0, "x").HasField("temperature_c_e2"), "not known is not zero"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, Why.MALFORMED),
        ({"latitude": 45, "longitude": 5}, Why.MALFORMED),
        ({"temperature_c": float("nan")}, Why.MALFORMED),
        ({"temperature_c": float("inf")}, Why.MALFORMED),
        ({"temperature_c": "21"}, Why.MALFORMED),
        ({"temperature_c": True}, Why.MALFORMED),
        ({"temperature_c": 60.01}, Why.IMPLAUSIBLE),
        ({"temperature_c": -31}, Why.IMPLAUSIBLE),
        ({"wind_mps": 60.1}, Why.IMPLAUSIBLE),
        ({"wind_mps": -0.1}, Why.IMPLAUSIBLE),
        ({"wind_mps": 1e300}, Why.IMPLAUSIBLE),
        ({"wind_mps": 10**400}, Why.MALFORMED),
        ({"wind_from_deg": 361}, Why.IMPLAUSIBLE),
        ({"humidity_percent": 101}, Why.IMPLAUSIBLE),
        ({"wind_mps": 1, "latitude": 91}, Why.IMPLAUSIBLE),
    ],
)
def test_values_that_cannot_be_are_refused(said: dict[str, object], reason: Why):
    assert why(report_of, said, NOON_MS, "x") == reason


def read(*lines: str) -> list[WeatherReport | None]:
    reader = Lines("w")
    return [reader.read(line.encode()) for line in lines]


def test_csv_and_json_lines_say_the_same():
    header, *csv = read("\ufefftime, temperature_c,wind_mps", f"{NOON}, 21.5,", "", f"{NOON},,4")
    json_lines = read(
        json.dumps({"time": NOON, "temperature_c": 21.5, "wind_mps": None}),
        "",
        json.dumps({"time": "2026-07-07T10:00:00Z", "wind_mps": 4}),
    )
    assert header is None
    assert csv == json_lines
    assert csv[0] == WeatherReport(source="w", effective_time_ms=NOON_MS, temperature_c_e2=2_150)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("temperature_c,wind_mps", Why.MALFORMED),
        ("time,temprature_c", Why.MALFORMED),
        ("time,wind_mps,wind_mps", Why.MALFORMED),
        ('{"time": "2026-07-07T12:00:00+02:00", "temprature_c": 21}', Why.MALFORMED),
        ('{"time": "2026-07-07T12:00:00", "temperature_c": 21}', Why.MALFORMED),
        ('{"time": 5, "temperature_c": 21}', Why.MALFORMED),
        ('{"time": "2026-07-07T12:00:00Z", "temperature_c": NaN}', Why.MALFORMED),
        ('{"time": "2026-07-07T12:00:00Z", "temperature_c": [21]}', Why.MALFORMED),
        ('{"time": ', Why.NO_JSON),
        ('{"a":' * 1_000, Why.TOO_LARGE),
        ('{"a":' * 800, Why.NO_JSON),
        ("x" * (MOST_LINE_BYTES + 1), Why.TOO_LARGE),
    ],
)
def test_a_line_that_is_no_report_is_refused(line: str, reason: Why):
    assert why(Lines("w").read, line.encode()) == reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{NOON},21,3", Why.MALFORMED),
        (f"{NOON},warm", Why.MALFORMED),
        (f"{NOON},nan", Why.MALFORMED),
        (f"{NOON},61", Why.IMPLAUSIBLE),
        (f"{NOON},", Why.MALFORMED),
        ("noon,21", Why.MALFORMED),
    ],
)
def test_a_row_that_is_no_report_is_refused_and_the_next_is_read(line: str, reason: Why):
    reader = Lines("w")
    reader.read(b"time,temperature_c")
    assert why(reader.read, line.encode()) == reason
    assert reader.read(f"{NOON},21".encode()).temperature_c_e2 == 2_100


def test_bytes_that_are_no_text_are_refused():
    assert why(Lines("w").read, b"\xff\xfe\x00") == Why.MALFORMED


class File:
    """A file of reports, a minute apart from noon, and somebody who follows it."""

    def __init__(self, path: Path) -> None:
        self.path, self.now_ms, self.said = path, NOON_MS, []
        self.path.write_text("time,temperature_c\n")
        self.source = FileSource(path, lambda: self.now_ms, self.said.append)

    def write(self, *degrees_at: tuple[int, int], end: str = "\n") -> None:
        lines = [f"2026-07-07T12:{minute:02d}:00+02:00,{degrees}" for minute, degrees in degrees_at]
        with self.path.open("a") as file:
            file.write("\n".join(lines) + end)

    def degrees(self) -> int | None:
        report = self.source.newest()
        return report and report.temperature_c_e2 // 100


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "finish.csv")


def test_of_what_has_come_the_newest_counts_and_the_rest_waits_for_its_time(file: File):
    assert file.degrees() is None
    file.write((-0, 20), (1, 21), (2, 22), (5, 25))
    file.now_ms += 2 * 60_000
    assert file.degrees() == 22
    file.write((1, 31))
    assert file.degrees() == 22, "later in the file, but of an earlier time"
    file.write((2, 32))
    assert file.degrees() == 32, "corrected"
    file.now_ms += 3 * 60_000
    assert file.degrees() == 25
    assert file.said == []


def test_a_last_line_without_its_end_counts_once_it_has_stopped_growing(file: File):
    file.write((0, 2), end="")
    assert file.degrees() is None
    with file.path.open("a") as more:
        more.write("1")
    assert file.degrees() is None
    assert file.degrees() == 21
    with file.path.open("a") as more:
        more.write("\n")
    file.write((0, 22))
    assert file.degrees() == 22
    assert file.said == []


def test_a_bad_line_is_named_and_the_others_count(file: File):
    file.write((0, 99), (0, 21))
    assert file.degrees() == 21
    [said] = file.said
    assert said.startswith("finish.csv:2: implausible: temperature_c 99")


def test_a_file_that_was_written_anew_is_read_anew_and_one_that_is_gone_is_said(file: File):
    file.write((0, 20), (0, 21))
    assert file.degrees() == 21
    file.path.write_text(f"time,temperature_c\n{NOON},5\n")
    assert file.degrees() == 5
    file.path.unlink()
    assert why(file.source.newest) == Why.UNREACHABLE


ANSWER = {
    "latitude": 45.2,
    "longitude": 6.0199995,
    "generationtime_ms": 0.05,
    "utc_offset_seconds": 7_200,
    "timezone": "Europe/Paris",
    "timezone_abbreviation": "GMT+2",
    "elevation": 1_310.0,
    "current_units": {
        "time": "iso8601",
        "interval": "seconds",
        "temperature_2m": "°C",
        "relative_humidity_2m": "%",
        "precipitation": "mm",
        "surface_pressure": "hPa",
        "wind_speed_10m": "km/h",
        "wind_direction_10m": "°",
        "weather_code": "wmo code",
    },
    "current": {
        "time": "2026-07-07T12:00",
        "interval": 900,
        "temperature_2m": 21.4,
        "relative_humidity_2m": 48,
        "precipitation": 0.3,
        "surface_pressure": 866.2,
        "wind_speed_10m": 18.0,
        "wind_direction_10m": 284,
        "weather_code": 61,
    },
}


def answer(**changes: dict[str, object]) -> bytes:
    """The answer with other parts in it: current={"time": 5} changes the time alone."""
    changed = {
        name: {**ANSWER[name], **part} if isinstance(part, dict) else part for name, part in changes.items()
    }
    return json.dumps(ANSWER | changed).encode()


def test_an_answer_of_the_documented_format_becomes_a_report():
    assert decode(answer(), "weather.example") == WeatherReport(
        source="weather.example",
        effective_time_ms=NOON_MS,
        temperature_c_e2=2_140,
        wind_mmps=5_000,
        wind_from_deg=284,
        pressure_pa=86_620,
        humidity_permille=480,
        rain_umph=1_200,
        latitude_e7=452_000_000,
        longitude_e7=60_199_995,
    )


def test_other_units_that_may_be_asked_for_are_read():
    body = answer(
        current={"time": NOON_MS // 1_000, "wind_speed_10m": 5.0},
        current_units={"time": "unixtime", "wind_speed_10m": "m/s"},
    )
    assert decode(body, "weather.example") == decode(answer(), "weather.example")


def test_what_was_not_asked_for_is_not_known():
    body = answer(current=dict.fromkeys(("precipitation", "surface_pressure", "interval")))
    report = decode(body, "weather.example")
    assert (report.HasField("rain_umph"), report.HasField("pressure_pa")) == (False, False)
    assert report.temperature_c_e2 == 2_140


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Why.NO_JSON),
        (b"<!doctype html><title>502</title>", Why.NO_JSON),
        (b"\xff\xfe", Why.NO_JSON),
        (b"[" * 60_000, Why.NO_JSON),
        (b"[]", Why.MALFORMED),
        (b'{"error": true, "reason": "Minutely API request limit exceeded."}', Why.MALFORMED),
        (answer(current=None), Why.MALFORMED),
        (answer(current_units=[]), Why.MALFORMED),
        (answer(current={"time": "noon"}), Why.MALFORMED),
        (answer(current={"time": None}), Why.MALFORMED),
        (answer(current={"time": "9999-12-31T23:59"}, utc_offset_seconds=-80_000), Why.MALFORMED),
        (answer(utc_offset_seconds="2h"), Why.MALFORMED),
        (answer(utc_offset_seconds=1e9), Why.MALFORMED),
        (answer(current={"temperature_2m": "21.4"}), Why.MALFORMED),
        (answer(current={"temperature_2m": {"value": 21.4}}), Why.MALFORMED),
        (answer(current={"temperature_2m": float("nan")}), Why.MALFORMED),
        (answer(current={"interval": 0}), Why.MALFORMED),
        (answer(current={"temperature_2m": 70.5}), Why.IMPLAUSIBLE),
        (answer(current_units={"temperature_2m": "°F"}), Why.UNIT),
        (answer(current_units={"wind_speed_10m": ["km/h"]}), Why.UNIT),
        (answer(current={"time": 1e300}, current_units={"time": "unixtime"}), Why.MALFORMED),
    ],
)
def test_an_answer_that_is_no_report_is_refused(body: bytes, reason: Why):
    assert why(decode, body, "x") == reason


class Scripted:
    """A source that gives or raises one thing after the other, and ends the test after the last."""

    every_s = 60.0

    def __init__(self, *script: WeatherReport | Exception | None) -> None:
        self.script = iter(script)
        self.told: list[WeatherReport] = []
        self.said: list[str] = []
        self.pauses: list[float] = []

    def newest(self) -> WeatherReport | None:
        given = next(self.script)
        if isinstance(given, Exception):
            raise given
        return given

    def followed(self, *failures: NotTaken) -> "Scripted":
        """Followed to its end by one whose first calls of ingest fail so."""
        failing = iter(failures)

        def tell(report: WeatherReport) -> str:
            if failure := next(failing, None):
                raise failure
            self.told.append(report)
            return "stands"

        with pytest.raises(StopIteration):
            follow(self, tell, self.said.append, self.pauses.append)
        return self


ONE, OTHER = report_of({"wind_mps": 1}, NOON_MS, "x"), report_of({"wind_mps": 2}, NOON_MS, "x")


def test_each_report_is_told_once():
    followed = Scripted(None, ONE, ONE, OTHER, OTHER).followed()
    assert followed.told == [ONE, OTHER]
    assert followed.pauses == [60.0] * 5
    assert request_id(ONE) == request_id(report_of({"wind_mps": 1}, NOON_MS, "x")) != request_id(OTHER)


def test_a_source_that_fails_is_said_and_asked_again_less_and_less_often():
    down = [SourceRefused(Why.STATUS, "503")] * 8
    followed = Scripted(*down, ONE, *down[:1]).followed()
    assert followed.told == [ONE]
    assert followed.pauses[:3] == [FIRST_BACKOFF_S, 2 * FIRST_BACKOFF_S, 4 * FIRST_BACKOFF_S]
    assert max(followed.pauses) == LONGEST_BACKOFF_S
    assert followed.pauses[8:] == [60.0, FIRST_BACKOFF_S], "well again, then as at first"
    assert followed.said[0] == "status: 503; looking again in 5 s"


def test_a_report_that_ingest_could_not_take_is_told_again_and_one_that_it_refused_is_not():
    away = NotTaken("no nats-server", lasting=False)
    assert Scripted(ONE, ONE, ONE).followed(away).told == [ONE]
    refused = NotTaken("effective_time_ms: a day behind", lasting=True)
    followed = Scripted(ONE, ONE, OTHER).followed(refused)
    assert followed.told == [OTHER]
    assert "a day behind" in followed.said[0]
