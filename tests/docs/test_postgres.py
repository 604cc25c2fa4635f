"""The page about Postgres: its settings are read, and a workbook brought in under them is in that database."""

import re
from pathlib import Path

import psycopg
import pytest

from chatsheet.core import settings_file
from chatsheet.core.identity import LOCAL
from chatsheet.core.settings_file import SettingsInvalid
from chatsheet.db import errors
from chatsheet.wiring import open_library
from tests.harness import ROOT
from tests.postgres import Server

PAGE = (ROOT / "docs/howto/postgres.md").read_text(encoding="utf-8")


@pytest.mark.anyio
async def test_with_the_settings_of_the_page_state_is_in_postgres(
    tmp_path: Path, sales: Path, postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "chatsheet.toml"
    path.write_text(f"data = '{tmp_path}'\n{block}", encoding="utf-8")
    with postgres_server.database("template0") as url:
        monkeypatch.setenv("CHATSHEET_POSTGRES", url)
        async with open_library(settings_file.load(path)) as (library, _):
            await library.bring_in(LOCAL, sales)
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT name FROM sheet").fetchall() == [("sales.xlsx",)]
    assert not (tmp_path / "chatsheet.sqlite").exists()


def test_every_error_of_the_database_is_on_the_page() -> None:
    kinds = (errors.DatabaseUrlInvalid, errors.DatabaseUnavailable, errors.DatabaseUnfit, errors.DatabaseNewer)
    assert re.findall(r"^\| `([\w.]+)`", PAGE, re.MULTILINE) == [kind.code for kind in kinds]


def test_the_address_is_read_from_a_variable_and_one_that_is_not_set_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATSHEET_DATABASE_URL", "env:CHATSHEET_POSTGRES")
    with pytest.raises(SettingsInvalid, match=r"database\.url"):
        settings_file.load()
    monkeypatch.setenv("CHATSHEET_POSTGRES", "postgresql://h/d")
    url = settings_file.load().database.url
    assert url is not None
    assert url.reveal() == "postgresql://h/d"
