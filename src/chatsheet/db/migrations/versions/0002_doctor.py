"""What calls met on each route by day, and the doctor's reports."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "route_day",
        sa.Column("workspace_id", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("to_route", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "day", "route", "to_route", "outcome", name="pk_route_day"),
    )
    op.create_table(
        "examination",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("workspace_id", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_examination"),
    )
    op.create_index("ix_examination_workspace_id", "examination", ["workspace_id"])
