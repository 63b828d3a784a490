"""What is said of trackers, for people. Pure: lists and lines from what the services answered."""

import shlex
from collections.abc import Iterable
from datetime import datetime

from rich.table import Table
from rich.text import Text

from ardoise.pb import trackers_pb2
from ardoise.pb.setup_pb2 import StageSetup, TrackerAssignment

UNKNOWN = "-"
ACCENT, TROUBLE = "bold #f6c700", "bold red"
QUIET_AFTER_S = 60
"""Who was not heard for so long has no network, no battery, or is switched off."""
COARSE_M = 30
"""More is not a receiver under open sky."""
WEEK_S = 7 * 24 * 3600
MOST_AHEAD_MS, MOST_BEHIND_MS = 5_000, 24 * 3_600_000
"""What is further off, the race engine (clocks.MOST_AHEAD_MS, CLOCK_BEHIND_MS) does not use."""
COLUMNS = (
    "device",
    "source",
    "number",
    "bib",
    "rider",
    "heard",
    "battery",
    "satellites",
    "accuracy",
    "clock",
    "refused",
)


def told(device: trackers_pb2.Device, away_m: float | None = None) -> str:
    """A fix in one line: "4 satellites, 12 m, 87 % battery, clock right"."""
    parts = []
    if device.HasField("satellites"):
        parts.append(f"{device.satellites} satellites")
    if device.HasField("accuracy_cm"):
        parts.append(_metres(device))
    if device.HasField("battery_percent"):
        parts.append(f"{device.battery_percent} % battery")
    parts.append(f"clock {clock(device)}")
    if away_m is not None:
        parts.append(
            f"{away_m:,.0f} m from the road" if away_m < 10_000 else f"{away_m / 1000:,.0f} km from the road"
        )
    return ", ".join(parts)


def troubles(device: trackers_pb2.Device) -> list[str]:
    """What is wrong with its newest fix, each with what to do; none: it is good for a race."""
    found = []
    if not device.known:
        found.append(f"nobody's: {_adopts(device)}")
    if device.HasField("accuracy_cm") and device.accuracy_cm > COARSE_M * 100:
        found.append(f"{_metres(device)} is not by satellites: under open sky? location set to precise?")
    if device.clock != trackers_pb2.DEVICE_CLOCK_RIGHT:
        found.append(f"clock {clock(device)}: {_costs(device.clock_offset_ms)}")
    return found


def _costs(offset_ms: int) -> str:
    """What the race makes of fixes that are so far ahead."""
    if offset_ms > MOST_AHEAD_MS or offset_ms < -MOST_BEHIND_MS:
        return "it stays out of the race until that is right"
    return (
        "its rider is shown where that clock says" if offset_ms > 0 else "its rider is shown as late as that"
    )


def clock(device: trackers_pb2.Device) -> str:
    """How it stands to the truck's: "right", "1 h ahead: local time?"."""
    if device.clock in (trackers_pb2.DEVICE_CLOCK_RIGHT, trackers_pb2.DEVICE_CLOCK_UNSPECIFIED):
        return "right"
    offset_s = device.clock_offset_ms / 1000
    direction = "ahead" if offset_s > 0 else "behind"
    if device.clock == trackers_pb2.DEVICE_CLOCK_GPS_WEEKS:
        return f"{round(abs(offset_s) / WEEK_S):,} weeks {direction}: an old receiver"
    said = f"{duration(abs(offset_s))} {direction}"
    if device.clock == trackers_pb2.DEVICE_CLOCK_TIME_ZONE:
        return f"{said}: local time?"
    return said if offset_s > 0 else f"{said}, or late"


def duration(seconds: float) -> str:
    """ "45 s", "1 h 30 min"."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    days, hours = divmod(hours, 24)
    if days:
        return f"{days:,} d"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def table(
    heard: Iterable[trackers_pb2.Device],
    spans: Iterable[TrackerAssignment],
    setup: StageSetup | None,
    now_ms: int,
) -> Table:
    """Devices with their riders, by bib; then whoever was paired and not heard yet. Unknown ones are not in it."""
    names = {rider.bib: rider.family_name for rider in setup.riders} if setup else {}
    spans = list(spans)
    holding = [span for span in spans if _begun(span, now_ms) and not _ended(span, now_ms)]
    bib_of = {span.tracker: span.bib for span in holding}
    said = {
        **{
            span.tracker: f"{span.bib} from {datetime.fromtimestamp(span.valid_from_ms / 1000).astimezone():%H:%M:%S}"
            for span in spans
            if not _begun(span, now_ms)
        },
        **{number: str(bib) for number, bib in bib_of.items()},
    }
    known = sorted(
        (device for device in heard if device.known),
        key=lambda device: (bib_of.get(device.tracker, 1_000), device.name),
    )
    shown = Table(*COLUMNS, box=None, header_style="dim")
    for column in ("bib", "battery", "satellites", "accuracy", "refused"):
        shown.columns[COLUMNS.index(column)].justify = "right"
    for device in known:
        bib = bib_of.get(device.tracker)
        shown.add_row(*_row(device, said.get(device.tracker, "nobody"), names.get(bib or 0, UNKNOWN), now_ms))
    numbers = {device.tracker for device in known}
    # The stage's own trackers come by relays as well: only who was paired by a decision is waited for here.
    for span in sorted(holding, key=lambda span: span.bib):
        if span.HasField("valid_from_ms") and span.tracker not in numbers:
            name = Text(names.get(span.bib, UNKNOWN))
            missing = Text("not yet", TROUBLE)
            shown.add_row(UNKNOWN, UNKNOWN, str(span.tracker), str(span.bib), name, missing, *[UNKNOWN] * 5)
    return shown


def knocking(heard: Iterable[trackers_pb2.Device], now_ms: int) -> list[str]:
    """A line for each device that nobody knows, with what adopts it."""
    return [
        f"{device.name} ({device.source}, {_ago(device, now_ms)} ago): {_adopts(device)}"
        for device in heard
        if not device.known
    ]


def at(time_ms: int) -> str:
    """An instant as people here say it."""
    return datetime.fromtimestamp(time_ms / 1000).astimezone().isoformat(" ", "seconds")


def _begun(span: TrackerAssignment, now_ms: int) -> bool:
    return not span.HasField("valid_from_ms") or span.valid_from_ms <= now_ms


def _ended(span: TrackerAssignment, now_ms: int) -> bool:
    return span.HasField("valid_until_ms") and span.valid_until_ms <= now_ms


def riders_tracker(spans: Iterable[TrackerAssignment], bib: int, now_ms: int) -> int | None:
    """The number of the tracker that is a rider's now."""
    for span in spans:
        if span.bib == bib and _begun(span, now_ms) and not _ended(span, now_ms):
            return span.tracker
    return None


def _row(device: trackers_pb2.Device, bib: str, name: str, now_ms: int) -> list[str | Text]:
    quiet = now_ms - device.last_heard_ms > QUIET_AFTER_S * 1000
    ticks_right = device.clock == trackers_pb2.DEVICE_CLOCK_RIGHT
    return [
        Text(device.name),  # a stranger's words: no markup
        device.source,
        str(device.tracker),
        bib,
        Text(name),
        Text(f"{_ago(device, now_ms)} ago", TROUBLE if quiet else ""),
        f"{device.battery_percent} %" if device.HasField("battery_percent") else UNKNOWN,
        str(device.satellites) if device.HasField("satellites") else UNKNOWN,
        _metres(device) if device.HasField("accuracy_cm") else UNKNOWN,
        Text(clock(device), "" if ticks_right else TROUBLE),
        Text(str(device.refused), TROUBLE if device.refused else ""),
    ]


def _adopts(device: trackers_pb2.Device) -> str:
    name, options = shlex.quote(device.name), f"--source {device.source} --bib N"
    if device.name.startswith("-"):  # not to be read as an option
        return f"ardoise tracker assign {options} -- {name}"
    return f"ardoise tracker assign {name} {options}"


def _metres(device: trackers_pb2.Device) -> str:
    return f"{device.accuracy_cm / 100:.0f} m"


def _ago(device: trackers_pb2.Device, now_ms: int) -> str:
    return duration(max(0, now_ms - device.last_heard_ms) / 1000)
