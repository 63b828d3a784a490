"""Which cluster of etcd a member belongs to, and what it does about a newer one. Pure.

Two of the three old members are a majority of the old cluster. So that they never elect a second primary beside one
that a person forced without them, every cluster has a generation, which it keeps under a key of its own: whoever hears
of a newer one gives up what it has and joins that, empty. Nobody goes back to an older one.

Invariant: a member that has ever run founds no cluster again, and takes a seat that it has lost its data for only as
somebody new. An empty member that voted again could undo what it had agreed to (fault 16).
"""

import json
from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum

KEY = "/ardoise/generation"
WITNESS = "/ardoise/witness"
"""Name of the member that is to be the third voter, beside the regions' own."""


@dataclass(frozen=True, order=True)
class Generation:
    """One life of the cluster. Of two regions that were forced apart from each other, the greater id is the newer."""

    number: int = 0
    """0: as it was founded."""
    operation: str = ""
    """Of the break-glass that made it."""
    region: str = field(default="", compare=False)
    author: str = field(default="", compare=False)
    accepted_loss: str = field(default="", compare=False)
    begun_ms: int = field(default=0, compare=False)
    """Milliseconds since 1970."""

    def to_json(self) -> str:
        """As it stands in etcd and in files."""
        return json.dumps(asdict(self))


def parse_generation(text: str | bytes) -> Generation:
    """Raises ValueError where it is none."""
    try:
        return Generation(**json.loads(text))
    except TypeError as error:
        raise ValueError(f"no generation: {text!r}") from error


class Seat(StrEnum):
    """What the cluster that answers knows of this member."""

    NONE = "none"
    """It does not list it."""
    NEVER_TAKEN = "never taken"
    """It lists it, and has not seen it yet."""
    TAKEN = "taken"
    """It has run."""


class Start(StrEnum):
    """What a member does before it runs."""

    RUN = "run"
    """With what it has; where it has nothing, it founds the cluster with the others."""
    REBUILD = "rebuild"
    """Makes a new cluster of its own data, alone."""
    REJOIN = "rejoin"
    """Sets its data aside and joins the cluster that answers, as somebody new."""
    WAIT = "wait"
    """For somebody to answer."""


def decide(
    known: Generation | None,
    has_data: bool,
    ordered: Generation | None,
    elsewhere: tuple[Generation, Seat] | None,
) -> Start:
    """`known`: the newest that this member has ever run in, None: it never ran. `ordered`: a person's order to rebuild.
    `elsewhere`: the newest that another member answers with; None: nobody answers."""
    mine = known or Generation()
    if ordered is not None and ordered > mine:
        return Start.REBUILD
    if elsewhere is None:
        return Start.RUN if has_data or known is None else Start.WAIT
    theirs, seat = elsewhere
    if theirs > mine:
        return Start.REJOIN
    if theirs < mine:
        # They will come here as soon as they hear of it.
        return Start.RUN if has_data else Start.WAIT
    if has_data:
        return Start.REJOIN if seat is Seat.NONE else Start.RUN
    return Start.RUN if known is None and seat is Seat.NEVER_TAKEN else Start.REJOIN


@dataclass(frozen=True)
class Member:
    """One member as the cluster lists it."""

    id: str
    peer_url: str
    ran: bool
    learner: bool


def seat_of(members: Iterable[Member], peer_url: str) -> Seat:
    """What a listing says of the member at this URL."""
    mine = next((one for one in members if one.peer_url == peer_url), None)
    if mine is None:
        return Seat.NONE
    return Seat.TAKEN if mine.ran else Seat.NEVER_TAKEN


class Way(StrEnum):
    """The next thing that the cluster has to be asked for, so that a member without data gets in."""

    REMOVE = "remove"
    """Its old seat."""
    PROMOTE = "promote"
    """A learner who is in the only seat for learners; where it cannot be, it is removed and comes again."""
    ADD = "add"
    """As a learner."""


def way_in(members: Iterable[Member], peer_url: str) -> tuple[Way, str]:
    """What to ask for, and the id of the member that it is about."""
    listed = list(members)
    if mine := next((one for one in listed if one.peer_url == peer_url), None):
        return Way.REMOVE, mine.id
    if learner := next((one for one in listed if one.learner), None):
        return Way.PROMOTE, learner.id
    return Way.ADD, ""


def may_vote(members: Iterable[Member], replaced: Container[str] = ()) -> bool:
    """Whether a learner becomes a voter: only where that makes an odd number of them. The survivor alone outlives the
    truck's coming and going; with the truck as the second of two voters it would not.

    `replaced`: peer URLs of members whose vote it takes over. They go next, so that three of four bridge the moment.
    """
    voters = [one for one in members if not one.learner]
    return len(voters) % 2 == 0 or any(one.peer_url in replaced for one in voters)
