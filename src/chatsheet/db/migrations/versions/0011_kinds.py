"""Jobs of kinds that ask no model, and drafts that stand for formulas of a workbook."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("formula", sa.String, nullable=False, server_default=""))
    op.add_column("job", sa.Column("measured", sa.JSON, nullable=True))
