"""A wish for another primary: what stands against it, what is written for it, and where else. Pure.

What stands against it is asked here to answer a person at once; the operator, `sites` and the guard ask again.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ardoise_operator.plugin.loss import outlook
from ardoise_operator.plugin.picture import Picture
from ardoise_operator.plugin.problem import Misused
from ardoise_operator.plugin.words import UNKNOWN, clean, count, size

WATCH = "kubectl ardoise status -w"


@dataclass(frozen=True)
class Wish:
    """A region is to be primary."""

    request_id: str
    region: str
    accepted_loss: str = ""
    """Empty: planned, nothing may be lost. Else forced: Unknown, or a number of messages."""

    def patch(self, version: str) -> dict[str, Any]:
        """What is merged into the object, unless somebody wrote it since `version`; no older force is left in it."""
        force = None
        if self.accepted_loss:
            accepted = int(self.accepted_loss) if self.accepted_loss.isdecimal() else self.accepted_loss
            force = {"requestId": self.request_id, "acceptedLossMessages": accepted}
        return {"metadata": {"resourceVersion": version}, "spec": {**self.spec(), "force": force}}

    def spec(self) -> dict[str, str]:
        """What the object says of it everywhere else: force stands where it was given, and nowhere besides."""
        return {"primary": self.region, "requestId": self.request_id}


def fresh_id(picture: Picture, region: str, today: date) -> str:
    """One that nobody has used, as far as the object remembers; etcd, which remembers all, has the last word."""
    start = f"{today:%Y-%m-%d}-{region}-"
    numbers = [
        int(found[1]) for one in _used(picture) if (found := re.fullmatch(rf"{re.escape(start)}(\d+)", one))
    ]
    return f"{start}{max(numbers, default=0) + 1}"


def _used(picture: Picture) -> Iterator[str]:
    yield picture.spec["requestId"]
    yield picture.status.get("acceptedRequestId", "")
    yield picture.spec.get("force", {}).get("requestId", "")
    yield from (one["id"] for one in (picture.operation, *picture.history) if one is not None)


def check_region(picture: Picture, region: str) -> None:
    """Raises Misused where there is none of this name."""
    if region not in picture.regions:
        raise Misused(f"there is no region {region}: there are {', '.join(picture.regions)}")


def is_there(picture: Picture, region: str) -> bool:
    """Whether it is primary, and wished for, and nothing is on its way."""
    wished = {picture.spec["primary"], picture.status.get("acceptedPrimary")}
    return picture.primary == region and wished == {region} and picture.moving is None and not picture.blind


def against_switchover(picture: Picture, region: str) -> list[str]:
    """Why the primary is not moved to this region now, as planned; empty: go on."""
    if found := _against_any(picture):
        return found
    if picture.primary == UNKNOWN:
        return [
            f"no primary is seen, and where nothing is lost Patroni promotes by itself within 20 s: {WATCH}"
        ]
    if picture.primary == region:
        return []
    status, reasons = picture.verdict(region)
    found = (
        [] if status == "True" else reasons or [f"whether {region} could take over without loss is Unknown"]
    )
    return [*found, *_too_far_behind(picture, region)]


def _too_far_behind(picture: Picture, region: str) -> Iterator[str]:
    limits, lag = picture.spec.get("limits", {}), picture.site(region).get("status", {}).get("lag", {})
    loss = picture.status.get("lossNow", {})
    messages = loss.get("messages", UNKNOWN) if loss.get("region") == region else UNKNOWN
    most = limits.get("mirrorLagMessages")
    if messages == UNKNOWN:
        yield f"how far {region} is behind the truck is Unknown"
    elif most is not None and messages > most:
        yield f"{region} is {count(messages, 'message')} behind the truck, at most {most}"
    wal, most = lag.get("walBytes"), limits.get("walLagBytes")
    if isinstance(wal, int) and most is not None and wal > most:
        yield f"{region}'s database is {size(wal)} behind the primary's, at most {size(most)}"


def against_force(picture: Picture, region: str, accepted: str) -> list[str]:
    """Why this region is not forced now; empty: go on. `accepted`: Unknown, or a number of messages."""
    if found := _against_any(picture):
        return found
    if picture.primary == region:
        return [f"{region} is primary already"]
    if picture.primary != UNKNOWN:
        return [f"{picture.primary} is primary, nothing has to be lost: kubectl ardoise switchover {region}"]
    if picture.verdict(region)[0] == "True":
        return [f"nothing would be lost, and Patroni promotes by itself within 20 s: {WATCH}"]
    could = outlook(picture, region)
    if accepted == UNKNOWN:
        return []
    if could.accepts == UNKNOWN or int(could.accepts) > int(accepted):
        return [
            f"what could be lost is {could}: --accept-loss {could.accepts} accepts it, {accepted} does not"
        ]
    return []


def _against_any(picture: Picture) -> list[str]:
    if picture.blind:
        return [picture.blind]
    if picture.spec["mode"] == "ObserveOnly":
        return ["in mode ObserveOnly nobody acts: set spec.mode to Manual or Automatic first"]
    if (running := picture.moving) is not None:
        return [f"{running['type']} {running['id']} is not over: {WATCH}"]
    return []


def accepted_loss(text: str) -> str:
    """As --accept-loss gives it. Raises Misused."""
    if text.lower() == UNKNOWN.lower():
        return UNKNOWN
    if not text.isdecimal() or len(text) > 18:
        raise Misused(f"--accept-loss {clean(text)}: write a number of messages, or Unknown for any loss")
    return text


def plan(picture: Picture, wish: Wish) -> list[str]:
    """What would be done, and what it costs, for people."""
    other = picture.other(wish.region)
    stays = picture.primary == wish.region
    lines = [f"the wish {wish.request_id} is written into Replication {picture.name}: primary {wish.region}"]
    if stays:
        return [
            *lines,
            f"{wish.region} is primary already and stays it: nothing is moved, nothing can be lost",
        ]
    if not wish.accepted_loss:
        return [
            *lines,
            f"the operator moves it from {other} to {wish.region}, if nothing can be lost at that moment either",
            "decisions stand for 2 to 10 s meanwhile; screens go on",
            f"{other} follows {wish.region} then",
        ]
    return [
        *lines,
        f"the operator has {wish.region} promoted although its guard refuses; what it has not, is lost",
        f"what could be lost: {outlook(picture, wish.region)}; accepted: {wish.accepted_loss}",
        f"it has to be true, and only people can make sure of it: {other} is off, or nobody writes there any more",
        f"{other}, when it is back, sets aside what only it has, and follows {wish.region}",
    ]


def alignment(picture: Picture, wish: Wish, kubectl: Sequence[str]) -> list[str]:
    """Where else the wish has to be written. `kubectl`: how this cluster is asked."""
    region = picture.seen_from
    other = picture.other(region) if region in picture.regions else "the other region"
    change = json.dumps({"spec": {**wish.spec(), "force": None}}, separators=(",", ":"))
    namespace = next(one for one in kubectl if one.startswith("--namespace="))
    lines = [
        f"Write the same into Git, and into the cluster of {other}, which shows SpecDiverged until then:",
        "  spec:",
        *(f"    {name}: {value}" for name, value in wish.spec().items()),
        f"  kubectl --context=<{other}'s> {namespace} patch replication {picture.name} --type=merge -p '{change}'",
    ]
    if wish.accepted_loss:
        lines += [
            "and, once it is over, take force out here; into Git it does not belong:",
            f'  {" ".join(kubectl)} patch replication {picture.name} --type=merge -p \'{{"spec":{{"force":null}}}}\'',
        ]
    return lines
