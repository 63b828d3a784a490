"""Which weather reports are let into the log."""

import pytest
from ardoise.ingest.domain.weather import MOST_AHEAD_MS, MOST_BEHIND_MS, VALUES, check
from ardoise.pb.weather_pb2 import WeatherReport

NOW_MS = 1_783_000_000_000


def report(**values: object) -> WeatherReport:
    return WeatherReport(
        **{"source": "finish", "effective_time_ms": NOW_MS, "temperature_c_e2": 2_150} | values
    )


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"effective_time_ms": NOW_MS + MOST_AHEAD_MS},
        {"effective_time_ms": NOW_MS - MOST_BEHIND_MS},
        {"latitude_e7": 0, "longitude_e7": 0},
        {field: least for field, (least, _) in VALUES.items()},
        {field: most for field, (_, most) in VALUES.items()},
    ],
)
def test_what_can_be_true_is_let_in(values: dict[str, object]):
    check(report(**values), NOW_MS)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("source", {"source": ""}),
        ("source", {"source": "x" * 101}),
        ("source", {"source": "finish\n2026-07-07 race over"}),
        ("effective_time_ms", {"effective_time_ms": NOW_MS + MOST_AHEAD_MS + 1}),
        ("effective_time_ms", {"effective_time_ms": NOW_MS - MOST_BEHIND_MS - 1}),
        ("latitude_e7", {"latitude_e7": 450_000_000}),
        ("latitude_e7", {"longitude_e7": 50_000_000}),
        ("latitude_e7", {"latitude_e7": 900_000_001, "longitude_e7": 0}),
        ("longitude_e7", {"latitude_e7": 0, "longitude_e7": -1_800_000_001}),
        ("report", {"temperature_c_e2": None}),
        *((field, {field: most + 1}) for field, (_, most) in VALUES.items()),
        *((field, {field: least - 1}) for field, (least, _) in VALUES.items() if least),
    ],
)
def test_what_cannot_be_true_is_refused_by_its_field(field: str, values: dict[str, object]):
    with pytest.raises(ValueError, match=f"^{field}: "):
        check(report(**values), NOW_MS)


def test_every_value_of_the_contract_has_its_limits():
    stated = {field.name for field in WeatherReport.DESCRIPTOR.fields if field.has_presence}
    assert stated - {"latitude_e7", "longitude_e7"} == set(VALUES)


def test_a_log_without_a_time_takes_no_weather():
    with pytest.raises(ValueError, match=r"^effective_time_ms: "):
        check(report(effective_time_ms=0), 0)
