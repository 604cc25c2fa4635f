"""Secrets that all servers of an installation share and nobody sets: each is made by whoever needs it first."""

import secrets

from sqlalchemy import select

from chatsheet.db import writing
from chatsheet.db.engine import Database
from chatsheet.db.tables import shared_secret

_BYTES = 32


async def shared(database: Database, name: str) -> bytes:
    """Return the secret of this name, the same in every process on this database."""
    async with database.unit() as connection:
        adding = writing.insert(connection, shared_secret).values(name=name, value=secrets.token_hex(_BYTES))
        await connection.execute(adding.on_conflict_do_nothing())
        found = await connection.execute(select(shared_secret.c.value).where(shared_secret.c.name == name))
        return bytes.fromhex(found.scalar_one())
