"""Failovers that were forced."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "forced_failover",
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("accepted_loss", sa.Text, nullable=False),
        sa.Column("begun", _INSTANT, nullable=False),
        sa.Column("promoted", _INSTANT, nullable=False),
        sa.Column("messages_lost", sa.BigInteger, nullable=True),
        sa.Column("lost", postgresql.JSONB, nullable=False),
        sa.Column("messages_replayed", sa.BigInteger, nullable=True),
        sa.Column("decisions_lost", sa.BigInteger, nullable=True),
        sa.Column("operation", postgresql.JSONB, nullable=False),
        sa.PrimaryKeyConstraint("request_id", name="forced_failover_pkey"),
    )
