"""During a rollout the old version runs on a database that the new one has migrated."""

import re

import pytest
from sqlalchemy import insert, select, text

from chatsheet.core.clock import SystemClock
from chatsheet.db import tables
from chatsheet.db.engine import Database
from tests.harness import ROOT

MIGRATIONS = sorted((ROOT / "src/chatsheet/db/migrations/versions").glob("*.py"))
_NEW = [path for path in MIGRATIONS if path.stem > "0008_identity"]


@pytest.mark.anyio
async def test_whoever_runs_goes_on_after_a_newer_version_has_added_to_its_tables(database: Database) -> None:
    async with database.unit() as unit:
        await unit.execute(text("ALTER TABLE sheet ADD COLUMN colour VARCHAR(10) DEFAULT '' NOT NULL"))
        await unit.execute(text("CREATE TABLE newer (id VARCHAR(40) PRIMARY KEY)"))
        await unit.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    row = {"id": "s", "workspace_id": "w", "name": "n", "head_version": "v", "created_by": "u"}
    async with database.unit() as unit:
        await unit.execute(insert(tables.sheet).values(created_at=SystemClock().now(), **row))
    async with database.unit() as unit:
        assert (await unit.execute(select(tables.sheet.c.name))).scalars().all() == ["n"]


@pytest.mark.parametrize("path", _NEW or MIGRATIONS[-1:], ids=lambda path: path.stem)
def test_a_migration_takes_nothing_away_that_the_version_before_uses(path: object) -> None:
    source = re.sub(r"def downgrade.*", "", (ROOT / str(path)).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert re.findall(r"\b(?:drop_\w+|alter_column|rename_table)\(", source) == []
    added = re.findall(r"add_column\([^\n]*", source)
    assert [line for line in added if "nullable=False" in line and "server_default" not in line] == []
