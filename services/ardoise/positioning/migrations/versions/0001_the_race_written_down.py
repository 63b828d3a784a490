"""The race written down."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ardoise.chassis.store import DatabaseKind, database_kind

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What a stage fills; the rest stays small. A stage lies in one day nearly always.
TIME_TABLES = ("frame", "fix", "rider_second", "group_second")
CHUNK = "1 day"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    kind = database_kind(op.get_bind())
    _create_tables(partitioned=kind is DatabaseKind.PLAIN)
    if kind is not DatabaseKind.PLAIN:
        for table in TIME_TABLES:
            # The primary keys begin with the time: no index beside them.
            op.execute(
                f"SELECT create_hypertable('{table}', by_range('time', INTERVAL '{CHUNK}'),"
                " create_default_indexes => false)"
            )


def _create_tables(partitioned: bool) -> None:
    def time_table(name: str, *columns: sa.schema.SchemaItem) -> None:
        partition_by = "RANGE (time)" if partitioned else None
        op.create_table(name, *columns, postgresql_partition_by=partition_by)

    op.create_table(
        "watermark",
        _key("epoch", sa.BigInteger),
        _column("sequence", sa.BigInteger),
        _optional("time", _INSTANT),
        _column("engine_version", sa.Text),
        _column("written", _INSTANT),
        sa.PrimaryKeyConstraint("epoch", name="watermark_pkey"),
    )
    time_table(
        "frame",
        _key("time", _INSTANT),
        _key("epoch", sa.BigInteger),
        _key("sequence", sa.BigInteger),
        _column("relay_id", sa.Text),
        _column("boot_id", sa.BigInteger),
        _column("frame_number", sa.BigInteger),
        _column("fixes", sa.Integer),
        sa.PrimaryKeyConstraint("time", "epoch", "sequence", name="frame_pkey"),
    )
    time_table(
        "fix",
        _key("time", _INSTANT),
        _key("epoch", sa.BigInteger),
        _key("sequence", sa.BigInteger),
        _key("ordinal", sa.Integer),
        _column("device_time", _INSTANT),
        _column("tracker", sa.BigInteger),
        _column("bib", sa.Integer),
        _column("latitude_e7", sa.Integer),
        _column("longitude_e7", sa.Integer),
        _optional("speed_mmps", sa.Integer),
        _optional("distance_cm", sa.Integer),
        _column("verdict", sa.SmallInteger),
        sa.PrimaryKeyConstraint("time", "epoch", "sequence", "ordinal", name="fix_pkey"),
    )
    op.create_table(
        "fix_ledger",
        _key("epoch", sa.BigInteger),
        _key("sequence", sa.BigInteger),
        _key("verdict", sa.SmallInteger),
        _optional("time", _INSTANT),
        _optional("fixes", sa.Integer),
        sa.PrimaryKeyConstraint("epoch", "sequence", "verdict", name="fix_ledger_pkey"),
    )
    op.create_table(
        "snapshot",
        _key("time", _INSTANT),
        _key("epoch", sa.BigInteger),
        _column("sequence", sa.BigInteger),
        _column("engine_version", sa.Text),
        _column("race_state", sa.SmallInteger),
        _column("digest", sa.LargeBinary),
        sa.PrimaryKeyConstraint("time", "epoch", name="snapshot_pkey"),
    )
    time_table(
        "rider_second",
        _key("time", _INSTANT),
        _key("epoch", sa.BigInteger),
        _key("bib", sa.Integer),
        _column("status", sa.SmallInteger),
        _column("place", sa.Integer),
        _column("distance_cm", sa.Integer),
        _column("latitude_e7", sa.Integer),
        _column("longitude_e7", sa.Integer),
        _column("speed_mmps", sa.Integer),
        _column("gradient_permille", sa.Integer),
        _optional("gap_ms", sa.Integer),
        _column("group_id", sa.Integer),
        sa.PrimaryKeyConstraint("time", "epoch", "bib", name="rider_second_pkey"),
    )
    op.create_index("rider_second_epoch_bib_time_idx", "rider_second", ["epoch", "bib", "time"])
    time_table(
        "group_second",
        _key("time", _INSTANT),
        _key("epoch", sa.BigInteger),
        _key("group_id", sa.Integer),
        _column("role", sa.SmallInteger),
        _column("number", sa.Integer),
        _column("riders", sa.Integer),
        _column("distance_cm", sa.Integer),
        _column("speed_mmps", sa.Integer),
        _optional("gap_ms", sa.Integer),
        sa.PrimaryKeyConstraint("time", "epoch", "group_id", name="group_second_pkey"),
    )
    op.create_table(
        "race_event",
        _key("event_id", sa.Text),
        _column("epoch", sa.BigInteger),
        _column("sequence", sa.BigInteger),
        _column("ordinal", sa.Integer),
        _column("kind", sa.SmallInteger),
        _column("time", _INSTANT),
        _column("bibs", postgresql.ARRAY(sa.Integer)),
        _optional("distance_cm", sa.Integer),
        _optional("race_state", sa.SmallInteger),
        _optional("rider_status", sa.SmallInteger),
        _column("group_id", sa.Integer),
        sa.PrimaryKeyConstraint("event_id", name="race_event_pkey"),
    )
    op.create_index("race_event_epoch_sequence_ordinal_idx", "race_event", ["epoch", "sequence", "ordinal"])
    op.create_table(
        "decision",
        _key("epoch", sa.BigInteger),
        _key("sequence", sa.BigInteger),
        _column("decision_id", sa.Text),
        _optional("time", _INSTANT),
        _column("effective_time", _INSTANT),
        _column("author", sa.Text),
        _column("reason", sa.Text),
        _column("action", sa.Text),
        _column("details", postgresql.JSONB),
        sa.PrimaryKeyConstraint("epoch", "sequence", name="decision_pkey"),
    )
    op.create_table(
        "prediction",
        _key("prediction_id", sa.Text),
        _column("epoch", sa.BigInteger),
        _column("sequence", sa.BigInteger),
        _column("time", _INSTANT),
        _column("kind", sa.Text),
        _column("model_version", sa.Text),
        _column("group_id", sa.Integer),
        _column("body", postgresql.JSONB),
        sa.PrimaryKeyConstraint("prediction_id", name="prediction_pkey"),
    )
    op.create_index("prediction_epoch_time_idx", "prediction", ["epoch", "time"])
    op.create_table(
        "alert",
        _key("alert_id", sa.Text),
        _column("rule", sa.Text),
        _column("subject", sa.Text),
        _column("severity", sa.SmallInteger),
        _column("title", sa.Text),
        _column("action", sa.Text),
        _column("evidence", postgresql.JSONB),
        _column("count", sa.BigInteger),
        _column("first_seen", _INSTANT),
        _column("last_seen", _INSTANT),
        sa.PrimaryKeyConstraint("alert_id", name="alert_pkey"),
    )
    op.create_index("alert_last_seen_idx", "alert", ["last_seen"])
    op.create_table(
        "alert_acknowledgement",
        _key("request_id", sa.Text),
        _column("alert_id", sa.Text),
        _column("author", sa.Text),
        _column("note", sa.Text),
        _column("severity", sa.SmallInteger),
        _column("acknowledged", _INSTANT),
        sa.PrimaryKeyConstraint("request_id", name="alert_acknowledgement_pkey"),
    )
    op.create_index("alert_acknowledgement_alert_id_idx", "alert_acknowledgement", ["alert_id"])


def _column(name: str, kind: object) -> sa.Column:
    return sa.Column(name, kind, nullable=False)


def _key(name: str, kind: object) -> sa.Column:
    return sa.Column(name, kind, nullable=False, autoincrement=False)


def _optional(name: str, kind: object) -> sa.Column:
    return sa.Column(name, kind, nullable=True)
