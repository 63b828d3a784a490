"""What leaves the platform: the outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("alert_id", sa.Text, nullable=False),
        sa.Column("body", postgresql.JSONB, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("offered", _INSTANT, nullable=False),
        sa.Column("claim_id", sa.Text, nullable=True),
        sa.Column("claimed", _INSTANT, nullable=True),
        sa.Column("settled", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("rule", "epoch", "sequence", "subject", name="outbox_pkey"),
    )
    op.create_index("outbox_number_idx", "outbox", ["number"], unique=True)
    op.create_index("outbox_state_idx", "outbox", ["state"])
