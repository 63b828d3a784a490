"""docs/derived-values.md, from the registry: `python -m ardoise.analytics.values.reference docs/derived-values.md`."""

import sys
from pathlib import Path

from ardoise.analytics.values.registry import THEMES, VALUES

INTRODUCTION = """\
# Derived values

Generated from the registry of values in `services/ardoise/analytics/values`; do not edit by hand.

{count} values of each rider, derived once a second of the race by analytics from positioning's snapshots and the road.
`GetRiderValues` and `WatchRiderValues` of [AnalyticsService](../proto/ardoise/v1/analytics.proto) give them as fields
of `RiderValues`; `ardoise race values BIB` shows those of one rider. A field that is absent is unknown: never 0 for
that, and never NaN.

- **Place, speed, gaps and groups** are the engine's. Who is not on the road of the race (without signal, off the route,
  abandoned, home) has place, distance, gap, age of the data and what was added up before, at most.
- **What needs the past** is absent until so much was seen: speeds and gaps over 20 km after 20 km. What is added up
  "while followed" is of `followed_s`: an analytics that is started in the middle of a race begins at 0, and says so.
- **Without elevation** of the route there is no gradient, no height, no VAM and no power.
- **Without a weather report** there is nothing under "Air", and powers are less sure.

## How good the power is

An estimate from speed and road, as an interval; no power meter and no heart rate comes near it. Not known are the
rider's weight (52 to 86 kg), position (0.25 to 0.40 m2), tyres and asphalt (0.003 to 0.007), the slope (0.8 % either
way), the wind (3 m/s either way; of a reported one 0.2 to 0.8 reaches a rider, with gusts of 1 m/s) and the draft (from
the least to the most published for a group of that size). Cars and motorbikes draft too and are not modelled. The
effects of these ranges are added as squares. A bike that brakes needs no power: downhill the interval begins at 0.

{measured}

## How good the arrival is

Some 25 minutes before the line of one simulated mountain stage the arrivals of 168 riders were 48 s off (median), nine
of ten within 9 % of the time left; from 5 km on within 21 %. It knows the slopes ahead, and no tactics.

## The values
"""

MEASURED = """\
Beside a power meter (`tests/unit/analytics/values/test_real_ride.py`: 57 km alone, 1,250 m up, weather unknown, 8,322
seconds): the measured mean of 30 s was inside the interval 74 % of the time, above it 26 %, below it never; by the
rider's weight it was inside 90 %. Half the intervals were wider than 145 W, or 1.7 W/kg. That rider, two metres tall,
is with bike and all about as heavy as the heaviest that the model knows: uphill, where weight is everything, the
power was mostly above the interval. One ride is not a field of riders; in a group nothing has been measured yet."""


def reference() -> str:
    """The whole page."""
    page = [INTRODUCTION.format(count=len(VALUES), measured=MEASURED)]
    for title, theme in THEMES.items():
        page += [
            f"### {title}\n",
            f"{theme.__doc__}\n",
            "| value | unit | meaning | made of |",
            "|---|---|---|---|",
        ]
        page += [f"| `{v.name}` | {v.unit} | {v.meaning} | {v.formula} |" for v in theme.VALUES]
        page.append("")
    return "\n".join(page)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
