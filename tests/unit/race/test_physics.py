"""The physics of a rider, against figures that others published."""

import numpy as np
import pytest
from ardoise.race import physics


def test_the_power_is_that_of_the_published_example():
    # Martin et al. 1998, their worked trial: 471.8 m in 56.42 s from 8.28 to 8.45 m/s up 0.3 per cent, 90 kg,
    # CdA 0.2565 m2, 1.2234 kg/m3, a wind of 2.94 m/s 30 degrees off the way: 213.3 W.
    speed = 471.8 / 56.42
    gain = (8.45**2 - 8.28**2) / 2 / 56.42
    power = physics.power_w(
        speed,
        gain,
        0.003,
        mass_kg=90.0,
        drag_area_m2=0.2565,
        rolling=0.0032,
        density_kgpm3=1.2234,
        headwind_mps=2.94 * np.cos(np.radians(30.0)),
    )
    assert power == pytest.approx(213.3, abs=0.1)


def test_the_standard_atmosphere():
    # ISO 2533: 898.75 hPa at 1000 m, 794.95 at 2000 m.
    assert physics.standard_pressure_hpa(1000.0) == pytest.approx(898.75, abs=0.1)
    assert physics.standard_pressure_hpa(2000.0) == pytest.approx(794.95, abs=0.1)
    assert physics.standard_height_m(physics.standard_pressure_hpa(1234.0)) == pytest.approx(1234.0)


def test_air_is_as_dense_as_tables_say_and_moist_air_is_lighter():
    assert physics.air_density_kgpm3(15.0, 1013.25, 0.0) == pytest.approx(1.225, abs=0.0005)
    # CIPM-2007 at 20 degrees, 1013.25 hPa, half saturated: 1.1992.
    assert physics.air_density_kgpm3(20.0, 1013.25, 50.0) == pytest.approx(1.199, abs=0.001)


def test_saturated_vapour_at_twenty_degrees():
    assert physics.vapour_hpa(20.0, 100.0) == pytest.approx(23.39, abs=0.05)


def test_heat_of_a_table():
    # Australian Bureau of Meteorology: 30 degrees and 60 per cent give 31.
    assert physics.wet_bulb_globe_c(30.0, 60.0) == pytest.approx(31.0, abs=0.5)


@pytest.mark.parametrize(
    ("from_deg", "along", "across"),
    [(90.0, 4.0, 0.0), (270.0, -4.0, 0.0), (180.0, 0.0, 4.0), (0.0, 0.0, -4.0)],
    ids=["ahead", "behind", "right", "left"],
)
def test_a_wind_is_split_along_and_across_the_road(from_deg: float, along: float, across: float):
    found = physics.wind_along_across_mps(4.0, from_deg, 1.0, 0.0)
    assert found == (pytest.approx(along, abs=1e-9), pytest.approx(across, abs=1e-9))


def test_a_tailwind_faster_than_the_rider_pushes():
    still = {"mass_kg": 80.0, "drag_area_m2": 0.3, "rolling": 0.004, "density_kgpm3": 1.2}
    pushed = physics.power_w(5.0, 0.0, 0.0, **still, headwind_mps=-10.0)
    assert pushed < physics.power_w(5.0, 0.0, 0.0, **still, headwind_mps=-5.0)


def test_the_draft_is_what_was_published_and_never_more_than_none():
    sizes = np.array([1, 2, 8, 121, 170])
    low, high = physics.drag_shares(sizes, np.zeros(5, bool))
    assert low.tolist() == pytest.approx([1.0, 0.62, 0.5, 0.05, 0.05])
    assert high.tolist() == [1.0, *[physics.FOLLOWING_MOST_SHARE] * 4]
    low, high = physics.drag_shares(sizes, np.ones(5, bool))
    assert (high == 1.0).all()
    assert low.min() == physics.FRONT_LEAST_SHARE
