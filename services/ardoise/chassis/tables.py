"""The tables. Rows about the race are derived from the log and can be derived again; decisions
that are not in the log (acknowledged alerts, what left the platform) are only here.

`time` is log time, always: the instant of the log's clock at which the row's message stood there,
so that a device with a wrong clock cannot open a partition in another decade. Other instants have
names of their own. Distances are centimetres from kilometre 0, coordinates 1e-7 degree. The
migrations live in positioning, whose recorder writes most of it; analytics and security write
their own tables through their own stores.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The one schema."""

    metadata = MetaData(
        naming_convention={"pk": "%(table_name)s_pkey", "ix": "%(table_name)s_%(column_0_N_name)s_idx"}
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own form
        int: Integer,
        str: Text,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[int]: ARRAY(Integer),
    }


def _key(kind: type = BigInteger) -> Any:
    return mapped_column(kind, primary_key=True, autoincrement=False)


class Watermark(Base):
    """How far each log is written down: all rows up to sequence are here, none beyond."""

    __tablename__ = "watermark"

    epoch: Mapped[int] = _key()
    sequence: Mapped[int] = mapped_column(BigInteger)
    time: Mapped[datetime | None]
    """Log time of that message; null: the log has none yet."""
    engine_version: Mapped[str]
    """Of the engine that derived the newest rows."""
    written: Mapped[datetime]
    """The database's own clock when it committed."""


class Frame(Base):
    """A relay's frame in the log. Its fixes are rows of fix, or counted in fix_ledger: together, fixes."""

    __tablename__ = "frame"

    time: Mapped[datetime] = _key(DateTime(timezone=True))
    epoch: Mapped[int] = _key()
    sequence: Mapped[int] = _key()
    relay_id: Mapped[str]
    boot_id: Mapped[int] = mapped_column(BigInteger)
    """Unsigned on the wire: the same 64 bits, signed."""
    frame_number: Mapped[int] = mapped_column(BigInteger)
    fixes: Mapped[int]


class Fix(Base):
    """A fix that the log brought for the first time, and what the engine made of it."""

    __tablename__ = "fix"

    time: Mapped[datetime] = _key(DateTime(timezone=True))
    epoch: Mapped[int] = _key()
    sequence: Mapped[int] = _key()
    ordinal: Mapped[int] = _key(Integer)
    """Place in the frame's columns, from 0."""
    device_time: Mapped[datetime]
    tracker: Mapped[int] = mapped_column(BigInteger)
    """Unsigned on the wire: the same 64 bits, signed."""
    bib: Mapped[int]
    """0: nobody's tracker then."""
    latitude_e7: Mapped[int]
    longitude_e7: Mapped[int]
    speed_mmps: Mapped[int | None]
    """As the device said."""
    distance_cm: Mapped[int | None]
    """Where it was matched to the road; null: nowhere."""
    verdict: Mapped[int] = mapped_column(SmallInteger)
    """race.stage.Verdict."""


class FixLedger(Base):
    """Fixes of a frame that are no rows: said again, or in a message that could not be derived."""

    __tablename__ = "fix_ledger"

    epoch: Mapped[int] = _key()
    sequence: Mapped[int] = _key()
    verdict: Mapped[int] = _key(SmallInteger)
    """race.stage.Verdict; 0: the message could not be derived (poison), set aside."""
    time: Mapped[datetime | None]
    """null: before the log had a time."""
    fixes: Mapped[int | None]
    """null: unknown, the message could not even be read."""


class Snapshot(Base):
    """A closed tick."""

    __tablename__ = "snapshot"

    time: Mapped[datetime] = _key(DateTime(timezone=True))
    epoch: Mapped[int] = _key()
    sequence: Mapped[int] = mapped_column(BigInteger)
    """Last message of the prefix that it is a function of."""
    engine_version: Mapped[str]
    race_state: Mapped[int] = mapped_column(SmallInteger)
    digest: Mapped[bytes]


class RiderSecond(Base):
    """One rider at the first tick of every second."""

    __tablename__ = "rider_second"
    __table_args__ = (Index(None, "epoch", "bib", "time"),)

    time: Mapped[datetime] = _key(DateTime(timezone=True))
    epoch: Mapped[int] = _key()
    bib: Mapped[int] = _key(Integer)
    status: Mapped[int] = mapped_column(SmallInteger)
    place: Mapped[int]
    """0: none."""
    distance_cm: Mapped[int]
    latitude_e7: Mapped[int]
    longitude_e7: Mapped[int]
    speed_mmps: Mapped[int]
    gradient_permille: Mapped[int]
    gap_ms: Mapped[int | None]
    """null: unknown."""
    group_id: Mapped[int]
    """0: none."""


class GroupSecond(Base):
    """One group at the first tick of every second."""

    __tablename__ = "group_second"

    time: Mapped[datetime] = _key(DateTime(timezone=True))
    epoch: Mapped[int] = _key()
    group_id: Mapped[int] = _key(Integer)
    role: Mapped[int] = mapped_column(SmallInteger)
    number: Mapped[int]
    riders: Mapped[int]
    distance_cm: Mapped[int]
    speed_mmps: Mapped[int]
    gap_ms: Mapped[int | None]


class RaceEvent(Base):
    """Something that happened in the race."""

    __tablename__ = "race_event"
    __table_args__ = (Index(None, "epoch", "sequence", "ordinal"),)

    event_id: Mapped[str] = _key(Text)
    epoch: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int] = mapped_column(BigInteger)
    ordinal: Mapped[int]
    kind: Mapped[int] = mapped_column(SmallInteger)
    time: Mapped[datetime]
    bibs: Mapped[list[int]]
    distance_cm: Mapped[int | None]
    race_state: Mapped[int | None] = mapped_column(SmallInteger)
    rider_status: Mapped[int | None] = mapped_column(SmallInteger)
    group_id: Mapped[int]


class Decision(Base):
    """What race control decided, undone decisions and undos among them."""

    __tablename__ = "decision"

    epoch: Mapped[int] = _key()
    sequence: Mapped[int] = _key()
    decision_id: Mapped[str]
    time: Mapped[datetime | None]
    """null: before the log had a time."""
    effective_time: Mapped[datetime]
    author: Mapped[str]
    reason: Mapped[str]
    action: Mapped[str]
    """Name of the field of Decision.action in control.proto."""
    details: Mapped[dict[str, Any]]
    """That field, in protobuf's JSON form with the contract's names."""


class Prediction(Base):
    """A prediction; its id is derived, so that a second site's is the same row."""

    __tablename__ = "prediction"
    __table_args__ = (Index(None, "epoch", "time"),)

    prediction_id: Mapped[str] = _key(Text)
    epoch: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int] = mapped_column(BigInteger)
    time: Mapped[datetime]
    kind: Mapped[str]
    """Name of the message in analytics.proto: CatchPrediction, FinishTypePrediction."""
    model_version: Mapped[str]
    group_id: Mapped[int]
    """0: about the whole race."""
    body: Mapped[dict[str, Any]]
    """The message, in protobuf's JSON form with the contract's names."""


class Alert(Base):
    """An alert as it last stood."""

    __tablename__ = "alert"
    __table_args__ = (Index(None, "last_seen"),)

    alert_id: Mapped[str] = _key(Text)
    rule: Mapped[str]
    subject: Mapped[str]
    severity: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str]
    action: Mapped[str]
    evidence: Mapped[list[Any]]
    count: Mapped[int] = mapped_column(BigInteger)
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]


class AlertAcknowledgement(Base):
    """Somebody has seen to an alert. Not derived: a decision that only the database has."""

    __tablename__ = "alert_acknowledgement"
    __table_args__ = (Index(None, "alert_id"),)

    request_id: Mapped[str] = _key(Text)
    """The idempotency key: said twice, written once."""
    alert_id: Mapped[str]
    author: Mapped[str]
    note: Mapped[str]
    severity: Mapped[int] = mapped_column(SmallInteger)
    """As bad as the alert was then: one that became worse since is open again."""
    acknowledged: Mapped[datetime]


class Outbox(Base):
    """What was to leave the platform, and what became of it. Written before it is sent: at most once."""

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "number", unique=True), Index(None, "state"))

    rule: Mapped[str] = _key(Text)
    epoch: Mapped[int] = _key()
    """Of the log; 0: about something that is in none."""
    sequence: Mapped[int] = _key()
    """Of the message in that log; where epoch is 0, its instant in milliseconds since 1970."""
    subject: Mapped[str] = _key(Text)
    """In the key because one message tells of many trackers: a frame holds up to 176 of them."""
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    """The order in which they came."""
    alert_id: Mapped[str]
    body: Mapped[dict[str, Any]]
    """What is sent."""
    state: Mapped[int] = mapped_column(SmallInteger)
    """OutboxState of security.proto; claimed for longer than a claim lasts is in doubt."""
    detail: Mapped[str]
    """Why it failed or is in doubt."""
    offered: Mapped[datetime]
    """By the database's own clock, as the other two."""
    claim_id: Mapped[str | None]
    """Of the attempt that may send it, and nobody else."""
    claimed: Mapped[datetime | None]
    settled: Mapped[datetime | None]


class ForcedFailover(Base):
    """A person made a region primary although it could lose something: who, and what it cost."""

    __tablename__ = "forced_failover"

    request_id: Mapped[str] = _key(Text)
    region: Mapped[str]
    author: Mapped[str]
    accepted_loss: Mapped[str]
    """ "Unknown", or how many messages at most."""
    begun: Mapped[datetime]
    promoted: Mapped[datetime]
    messages_lost: Mapped[int | None] = mapped_column(BigInteger)
    """NULL: unknown, as long as the truck is away."""
    lost: Mapped[list[Any]]
    """[epoch, first sequence, last sequence] of each interval that no site holds."""
    messages_replayed: Mapped[int | None] = mapped_column(BigInteger)
    """The new primary derived them again; NULL: unknown."""
    decisions_lost: Mapped[int | None] = mapped_column(BigInteger)
    """Rows that people wrote and that were set aside at the old primary; NULL: unknown, as long as it is away."""
    operation: Mapped[dict[str, Any]]
    """ForcedFailover of sites.proto."""
