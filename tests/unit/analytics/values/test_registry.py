"""Registry, contract, page and tests say the same of every value."""

import re
from pathlib import Path

import numpy as np
import pytest
from ardoise.analytics.values.contract import course_of, values_set
from ardoise.analytics.values.reference import reference
from ardoise.analytics.values.registry import VALUES
from ardoise.pb import analytics_pb2, race_pb2

from tests.support.rider_values import Race, stage

LEAST_VALUES = 60
NAMES = [value.name for value in VALUES]


def test_there_are_as_many_as_were_promised_and_each_has_one_name():
    # The two ends of an interval are one value.
    assert len({re.sub(r"_(low|high)_", "_", name) for name in NAMES}) >= LEAST_VALUES
    assert len(set(NAMES)) == len(NAMES)


def test_every_value_is_a_documented_optional_field_of_the_contract(repository: Path):
    fields = analytics_pb2.RiderValues.DESCRIPTOR.fields
    assert [field.name for field in fields] == ["bib", *NAMES]
    assert all(field.has_presence for field in fields[1:])
    contract = (repository / "proto/ardoise/v1/analytics.proto").read_text()
    for value in VALUES:
        unit = f" [{value.unit}]" if value.unit else ""
        assert re.search(
            rf"  // {re.escape(value.meaning + unit)}\.\n  optional \w+ {value.name} = ", contract
        )


def test_every_name_ends_in_its_unit():
    units = {
        "km/h": "kmh", "m/s2": "mps2", "m/s": "mps", "s/min": "s_per_min", "m/h": "m_per_h", "%": "percent",
        "W/kg": "wpkg", "degC": "c", "kg/m3": "kgpm3",
    }  # fmt: skip
    for value in VALUES:
        if value.unit:
            assert value.name.endswith("_" + units.get(value.unit, value.unit.lower())), value.name


def test_every_value_says_what_it_is_and_what_it_is_made_of():
    assert [value.name for value in VALUES if not (value.meaning and value.formula)] == []


def test_the_page_is_in_step_with_the_registry(repository: Path):
    page = (repository / "docs/derived-values.md").read_text(encoding="utf-8")
    assert page == reference(), "python -m ardoise.analytics.values.reference docs/derived-values.md"


def test_every_value_is_tested_by_name(repository: Path):
    tests = "".join(
        path.read_text() for path in (repository / "tests/unit/analytics/values").glob("test_*.py")
    )
    assert [name for name in NAMES if not re.search(rf"\b{name}\b(?=\s*[=,<>%)*])|\"{name}\"", tests)] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_known_is_absent(name: str):
    course = course_of(stage())
    columns = {one: np.ones(len(course.bib)) for one in NAMES}
    columns[name] = np.array([np.nan, np.inf, -np.inf, 1.0, 0.0, np.nan])
    riders = values_set(race_pb2.Snapshot(), course.bib, columns).riders
    assert [rider.HasField(name) for rider in riders] == [False, False, False, True, True, False]


def test_a_second_that_comes_again_is_not_derived_again():
    race = Race().at(0, {1: 5_000.0})
    version = race.deriver.newest.version
    race.at(0.25, {1: 5_002.5})
    assert race.deriver.newest.version == version
    assert race.deriver.position.sequence == 102
    race.at(1, {1: 5_010.0})
    assert race.deriver.newest.version == version + 1


def test_another_stage_begins_with_nothing():
    race = Race().at(0, {1: 0.0}).ride(20)
    race.deriver.begin_stage(8, stage())
    race.at(21, {1: 210.0})
    race.has(followed_s=0, speed_kmh=None)
    assert race.deriver.of_epoch(7) != race.deriver.of_epoch(8)
