"""Which process obeys a decision on a chat's proposals, and until when it says so."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("chat", sa.Column("deciding", sa.String(40), nullable=True))
    op.add_column("chat", sa.Column("deciding_until", sa.DateTime(timezone=True), nullable=True))
