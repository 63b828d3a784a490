"""The race as a page shows it, and the difference between two of its states."""

from dataclasses import dataclass
from typing import Any

from ardoise.pb import analytics_pb2, common_pb2, race_pb2

RACE_STATES = {
    common_pb2.RACE_STATE_UNSPECIFIED: "unknown",
    common_pb2.RACE_STATE_PREPARED: "prepared",
    common_pb2.RACE_STATE_NEUTRALISED: "neutralised",
    common_pb2.RACE_STATE_RACING: "racing",
    common_pb2.RACE_STATE_STOPPED: "stopped",
    common_pb2.RACE_STATE_FINISHED: "finished",
}
STATUSES = {
    common_pb2.RIDER_STATUS_UNSPECIFIED: "unheard",
    common_pb2.RIDER_STATUS_RACING: "racing",
    common_pb2.RIDER_STATUS_NEUTRAL: "neutral",
    common_pb2.RIDER_STATUS_STOPPED: "stopped",
    common_pb2.RIDER_STATUS_OFF_ROUTE: "off_route",
    common_pb2.RIDER_STATUS_NO_SIGNAL: "no_signal",
    common_pb2.RIDER_STATUS_FINISHED: "finished",
    common_pb2.RIDER_STATUS_ABANDONED: "abandoned",
}
ON_THE_ROAD = frozenset(
    {
        common_pb2.RIDER_STATUS_RACING,
        common_pb2.RIDER_STATUS_NEUTRAL,
        common_pb2.RIDER_STATUS_STOPPED,
        common_pb2.RIDER_STATUS_FINISHED,
    }
)
TROUBLES = {
    race_pb2.RIDER_TROUBLE_FROZEN: "frozen",
    race_pb2.RIDER_TROUBLE_JUMP: "jump",
    race_pb2.RIDER_TROUBLE_CLOCK: "clock",
    race_pb2.RIDER_TROUBLE_TWO_PLACES: "two_places",
    race_pb2.RIDER_TROUBLE_SPEED: "speed",
    race_pb2.RIDER_TROUBLE_LATE: "late",
    race_pb2.RIDER_TROUBLE_DRIVEN: "driven",
    race_pb2.RIDER_TROUBLE_LEG: "leg",
}
GROUP_ROLES = {
    race_pb2.GROUP_ROLE_UNSPECIFIED: "group",
    race_pb2.GROUP_ROLE_HEAD: "head",
    race_pb2.GROUP_ROLE_CHASE: "chase",
    race_pb2.GROUP_ROLE_PELOTON: "peloton",
    race_pb2.GROUP_ROLE_DROPPED: "dropped",
    race_pb2.GROUP_ROLE_GRUPPETTO: "gruppetto",
}

RIDER_COLUMNS = (
    "bib",
    "status",
    "place",
    "distance_m",
    "speed_mps",
    "gradient_permille",
    "gap_ms",
    "gap_within_ms",
    "group",
    "fix_age_ms",
    "finish_ms",
    "trouble",
)
"""Riders travel as columns of equal length: element i of each belongs to one rider; null is unknown."""

Row = tuple[Any, ...]


@dataclass(frozen=True)
class RaceView:
    """The race at one tick. `rows` by bib in the order of RIDER_COLUMNS; `parts` is everything else, JSON-ready."""

    epoch: int
    sequence: int
    frame_id: int
    """Which state of the page it is: one tick has several where predictions follow it."""
    rows: dict[int, Row]
    parts: dict[str, Any]

    @property
    def event_id(self) -> str:
        """ "epoch-sequence": the name of the state in the event stream."""
        return f"{self.epoch}-{self.sequence}"

    def whole(self) -> dict[str, Any]:
        """JSON of the whole state."""
        return {**self.parts, "riders": columns(list(self.rows.values()))}


def race_view(
    snapshot: race_pb2.Snapshot,
    predictions: analytics_pb2.PredictionSet | None,
    heard_ms: int,
    up_to_date_ms: int | None = None,
    frame_id: int = 0,
) -> RaceView:
    """The state of the page.

    `heard_ms` is the wall clock at which this snapshot came, milliseconds since 1970: for a race whose log counts
    the seconds of a recording, viewers have nothing else to tell its age by. `up_to_date_ms`: the instant at which
    a picture that is catching up will be the race now.
    """
    name = snapshot.name
    time_ms = snapshot.race_time_ms
    heard = [rider for rider in snapshot.riders if rider.HasField("fix_time_ms")]
    # A bike on a car roof in another city is heard too; the picture leans on those that are on the road.
    fixes_ms = [rider.fix_time_ms for rider in heard if rider.status in ON_THE_ROAD]
    fixes_ms = fixes_ms or [rider.fix_time_ms for rider in heard]
    current = predictions is not None and predictions.snapshot.epoch == name.epoch
    return RaceView(
        epoch=name.epoch,
        sequence=name.sequence,
        frame_id=frame_id,
        rows={rider.bib: _row(rider, time_ms) for rider in snapshot.riders},
        parts={
            "id": f"{name.epoch}-{name.sequence}",
            "time_ms": time_ms,
            # A device clock may run ahead a little: nothing is newer than the tick that it is shown in.
            "newest_fix_ms": min(max(fixes_ms), time_ms) if fixes_ms else None,
            "heard_ms": heard_ms,
            "up_to_date_ms": up_to_date_ms,
            "race_state": RACE_STATES.get(snapshot.race_state, "unknown"),
            "weather": _weather(snapshot.weather) if snapshot.HasField("weather") else None,
            "groups": [_group(group) for group in snapshot.groups],
            "predictions": _predictions(predictions) if current else None,
        },
    )


def changes(before: RaceView, after: RaceView) -> dict[str, Any]:
    """JSON of what is different in `after`: parts that changed, and all columns of the riders that changed."""
    changed = {key: value for key, value in after.parts.items() if before.parts.get(key) != value}
    rows = [row for bib, row in after.rows.items() if before.rows.get(bib) != row]
    if rows:
        changed["riders"] = columns(rows)
    return changed


def columns(rows: list[Row]) -> dict[str, list[Any]]:
    """Rows turned into columns by name."""
    turned = zip(*rows, strict=True) if rows else ([] for _ in RIDER_COLUMNS)
    return {name: list(column) for name, column in zip(RIDER_COLUMNS, turned, strict=True)}


def _row(rider: race_pb2.RiderState, time_ms: int) -> Row:
    return (
        rider.bib,
        STATUSES.get(rider.status, "unheard"),
        rider.place,
        round(rider.distance_cm / 100, 1),
        round(rider.speed_mmps / 1000, 1),
        rider.gradient_permille,
        rider.gap_ms if rider.HasField("gap_ms") else None,
        rider.gap_within_ms if rider.HasField("gap_within_ms") else None,
        rider.group_id,
        max(0, time_ms - rider.fix_time_ms) if rider.HasField("fix_time_ms") else None,
        rider.finish_time_ms if rider.HasField("finish_time_ms") else None,
        TROUBLES.get(rider.trouble),
    )


def _weather(weather: race_pb2.WeatherNow) -> dict[str, Any]:
    # No age: it changes each tick, and the page knows what time the race has.
    report = weather.report
    return {
        "time_ms": report.effective_time_ms,
        "old": weather.old,
        "temperature_c": report.temperature_c_e2 / 100 if report.HasField("temperature_c_e2") else None,
        "wind_mps": report.wind_mmps / 1000 if report.HasField("wind_mmps") else None,
        "wind_from_deg": report.wind_from_deg if report.HasField("wind_from_deg") else None,
    }


def _group(group: race_pb2.Group) -> dict[str, Any]:
    return {
        "id": group.group_id,
        "role": GROUP_ROLES.get(group.role, "group"),
        "number": group.number,
        "size": len(group.bibs),
        "distance_m": round(group.distance_cm / 100, 1),
        "gap_ms": group.gap_ms if group.HasField("gap_ms") else None,
        "speed_mps": round(group.speed_mmps / 1000, 1),
    }


def _predictions(predictions: analytics_pb2.PredictionSet) -> dict[str, Any]:
    finish = predictions.finish_type
    return {
        "time_ms": predictions.race_time_ms,
        "data_age_ms": predictions.data_age_ms,
        "catches": [_catch(catch) for catch in predictions.catches],
        "finish_type": {
            "solo": round(finish.solo, 3),
            "small_group": round(finish.small_group, 3),
            "bunch_sprint": round(finish.bunch_sprint, 3),
            "reasons": _reasons(finish.reasons),
        }
        if predictions.HasField("finish_type")
        else None,
    }


def _catch(catch: analytics_pb2.CatchPrediction) -> dict[str, Any]:
    return {
        "group": catch.group_id,
        "gap_ms": catch.gap_ms,
        "to_go_m": catch.to_go_cm / 100,
        "probability": round(catch.catch_probability, 3),
        "catch_to_go_m": [round(metres) for metres in catch.catch_to_go_m],
        "gap_at_line_s": [round(seconds, 1) for seconds in catch.gap_at_line_s],
        "reasons": _reasons(catch.reasons),
    }


def _reasons(reasons: Any) -> list[dict[str, Any]]:
    return [{"code": reason.code, "value": round(reason.value, 3), "unit": reason.unit} for reason in reasons]
