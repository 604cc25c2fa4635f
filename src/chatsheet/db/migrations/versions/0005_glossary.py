"""What people say about a sheet for the model: terms, and questions with their SQL."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "glossary_entry",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("workspace_id", sa.String(40), nullable=False),
        sa.Column("sheet_id", sa.String(40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sheet_id"], ["sheet.id"], name="fk_glossary_entry_sheet_id"),
        sa.PrimaryKeyConstraint("id", name="pk_glossary_entry"),
    )
    op.create_index("ix_glossary_entry_sheet_id", "glossary_entry", ["sheet_id"])
