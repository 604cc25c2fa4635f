"""Brings a database to the newest schema: once, however many processes start at the same time."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from chatsheet.db.errors import DatabaseNewer

HEAD = "0012"
"""The newest migration."""
VERSIONS = "SELECT version_num FROM alembic_version"
_MIGRATIONS = Path(__file__).parent / "migrations"


def is_current(found: Sequence[str]) -> bool:
    """Tell whether the schema is the newest; raises DatabaseNewer where it is one that this program does not know."""
    if newer := [version for version in found if version > HEAD]:
        raise DatabaseNewer(
            f"the database is at migration {newer[0]}, and this program knows those up to {HEAD}.",
            fix="start the newer version, or restore a copy of the database from before it.",
        )
    return list(found) == [HEAD]


def upgrade(connection: Connection, *, to: str = HEAD) -> None:
    """Run what is missing up to a migration, in the connection's transaction."""
    from alembic import command  # noqa: PLC0415  a third of a start, and seldom needed
    from alembic.config import Config  # noqa: PLC0415  as above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
