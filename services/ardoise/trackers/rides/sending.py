"""A ride sent to the gateway's own port, in the words of Traccar Client: as a phone would send it."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import httpx

from ardoise.trackers.decoding import Fix
from ardoise.trackers.rides.schedule import Due

ANSWER_LIMIT_S = 15.0
"""The gateway answers once the fixes are in the log, or after 8 s that they are not."""
TRIES = 6
"""Of one message that it cannot take now."""
MOST_WAIT_S = 10.0
"""Before the next try, whatever the answer says."""
GATHER_S = 0.05
"""What is due so soon after the oldest that waits goes along with it."""
MOST_FIXES_A_MESSAGE = 256
"""With all that sensors measure so many have three quarters of what the gateway reads of a message."""


class NotSent(RuntimeError):
    """The gateway does not take it; the message says why."""


def send(url: str, dues: Iterable[Due], http: httpx.Client, told: Callable[[int], None]) -> int:
    """Each when it is due, those that came due meanwhile in one message; `told` of each message, how many it had.

    Returns how many were taken. Raises NotSent.
    """
    begin_s = time.monotonic()
    sent, waiting, oldest_s = 0, list[Fix](), 0.0

    def flush() -> None:
        nonlocal sent
        if waiting:
            _post(url, waiting, http)
            sent += len(waiting)
            told(len(waiting))
            waiting.clear()

    for due in dues:
        early_s = begin_s + due.after_s - time.monotonic()
        # What is overdue waits for nothing and is gathered in any case: whoever is behind catches up.
        waits_too_long = early_s > 0 and due.after_s - oldest_s > GATHER_S
        if waits_too_long or len(waiting) == MOST_FIXES_A_MESSAGE:
            flush()
            early_s = begin_s + due.after_s - time.monotonic()
        if early_s > 0:
            time.sleep(early_s)
        if not waiting:
            oldest_s = due.after_s
        waiting.append(due.fix)
    flush()
    return sent


def _post(url: str, fixes: list[Fix], http: httpx.Client) -> None:
    body = {"device_id": fixes[0].device, "location": [_location(fix) for fix in fixes]}
    for left in reversed(range(TRIES)):
        try:
            answer = http.post(f"{url}/", json=body, timeout=ANSWER_LIMIT_S)
        except httpx.HTTPError as error:
            raise NotSent(f"{url}: {error or type(error).__name__}: does the gateway run there?") from error
        if answer.is_success:
            return
        if answer.status_code not in (429, 503) or not left:
            raise NotSent(f"{url}: {answer.status_code} {answer.text.strip()[:200]}")
        try:
            wait_s = float(answer.headers.get("retry-after", "1"))
        except ValueError:
            wait_s = MOST_WAIT_S
        # Not below zero, and no NaN: what stands there somebody else has written.
        time.sleep(wait_s if 0 <= wait_s <= MOST_WAIT_S else MOST_WAIT_S)


def _location(fix: Fix) -> dict[str, Any]:
    at = datetime.fromtimestamp(fix.time_ms / 1000, UTC).isoformat(timespec="milliseconds")
    coords: dict[str, Any] = {"latitude": fix.latitude_e7 / 1e7, "longitude": fix.longitude_e7 / 1e7}
    if fix.speed_mmps >= 0:
        coords["speed"] = fix.speed_mmps / 1000
    if fix.accuracy_cm >= 0:
        coords["accuracy"] = fix.accuracy_cm / 100
    measured = {"heartRate": fix.heart_rate_bpm, "power": fix.power_w, "cadence": fix.cadence_rpm}
    extras = {name: value for name, value in measured.items() if value >= 0}
    return {"timestamp": at, "coords": coords, "extras": extras}
