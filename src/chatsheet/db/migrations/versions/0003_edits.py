"""What edits made of a sheet, and every move of its head."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sheet_version", sa.Column("next_row", sa.BigInteger(), nullable=False, server_default="1"))
    op.add_column("sheet_version", sa.Column("edits", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("sheet_version", sa.Column("changes", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "sheet_move",
        sa.Column("sheet_id", sa.String(40), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("workspace_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("from_version", sa.String(64), nullable=False),
        sa.Column("to_version", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sheet_id"], ["sheet.id"], name="fk_sheet_move_sheet_id"),
        sa.PrimaryKeyConstraint("sheet_id", "seq", name="pk_sheet_move"),
    )
