"""What each kind of database adds to the tables. Idempotent; no data is touched."""

from sqlalchemy import Connection, text

from ardoise.chassis.store import DatabaseKind

# A stage is long over by then, and with it everything that writes rows again.
COMPRESS_AFTER = "3 days"
# The columns that rows are looked up by once they are history.
COMPRESSED_TABLES = {
    "frame": ("epoch, relay_id", "time, sequence"),
    "fix": ("epoch, bib", "time, sequence, ordinal"),
    "rider_second": ("epoch, bib", "time"),
    "group_second": ("epoch, group_id", "time"),
}
AGGREGATE_EVERY = "10 seconds"
# The aggregate is refreshed behind the race; its newest buckets are computed when they are asked for.
REFRESH_BEHIND = "1 minute"
REFRESH_EVERY = "1 minute"

_RIDER_10S = """
    SELECT {bucket} AS time, epoch, bib,
        avg(speed_mmps)::integer AS speed_mmps,
        max(speed_mmps) AS top_speed_mmps,
        max(distance_cm) AS distance_cm,
        min(gap_ms) AS least_gap_ms,
        max(gap_ms) AS most_gap_ms,
        count(*) AS seconds
    FROM rider_second
    GROUP BY {bucket}, epoch, bib
"""


def ensure_features(connection: Connection, kind: DatabaseKind) -> None:
    """Compression and the continuous aggregate `rider_10s`; elsewhere a view of the same name and columns."""
    if kind is DatabaseKind.TIMESCALE_COMMUNITY:
        for table, (segment_by, order_by) in COMPRESSED_TABLES.items():
            _compress(connection, table, segment_by, order_by)
        _continuous_aggregate(connection)
    elif not _exists(connection, "rider_10s"):
        # 2000-01-03 is where time_bucket counts from.
        bucket = f"date_bin('{AGGREGATE_EVERY}', time, TIMESTAMPTZ '2000-01-03')"
        connection.execute(text(f"CREATE VIEW rider_10s AS {_RIDER_10S.format(bucket=bucket)}"))


def _compress(connection: Connection, table: str, segment_by: str, order_by: str) -> None:
    state = text(
        "SELECT compression_enabled FROM timescaledb_information.hypertables"
        " WHERE hypertable_schema = current_schema AND hypertable_name = :table"
    )
    # None: made while this was a database without TimescaleDB; it stays the partitioned table it is.
    if connection.scalar(state, {"table": table}) is False:
        connection.execute(
            text(
                f"ALTER TABLE {table} SET (timescaledb.compress,"
                f" timescaledb.compress_segmentby = '{segment_by}', timescaledb.compress_orderby = '{order_by}')"
            )
        )
        connection.execute(
            text("SELECT add_compression_policy(:table, CAST(:after AS interval), if_not_exists => true)"),
            {"table": table, "after": COMPRESS_AFTER},
        )


def _continuous_aggregate(connection: Connection) -> None:
    found = connection.scalar(
        text("SELECT 1 FROM timescaledb_information.continuous_aggregates WHERE view_name = 'rider_10s'")
    )
    hypertable = connection.scalar(
        text("SELECT 1 FROM timescaledb_information.hypertables WHERE hypertable_name = 'rider_second'")
    )
    if found or not hypertable:
        return
    # There is a plain one where the licence was the Apache one until now.
    connection.execute(text("DROP VIEW IF EXISTS rider_10s"))
    bucket = f"time_bucket('{AGGREGATE_EVERY}', time)"
    connection.execute(
        text(
            "CREATE MATERIALIZED VIEW rider_10s"
            " WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS"
            f" {_RIDER_10S.format(bucket=bucket)} WITH NO DATA"
        )
    )
    # From the beginning of time: a recording of last year's race may be played any day.
    connection.execute(
        text(
            "SELECT add_continuous_aggregate_policy('rider_10s', start_offset => NULL,"
            " end_offset => CAST(:behind AS interval), schedule_interval => CAST(:every AS interval))"
        ),
        {"behind": REFRESH_BEHIND, "every": REFRESH_EVERY},
    )


def _exists(connection: Connection, relation: str) -> bool:
    return connection.scalar(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": relation})
