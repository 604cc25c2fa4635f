"""Arguments that are refused before anything is done."""

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from chatsheet.cli.arguments import free
from chatsheet.cli.main import cli


def test_a_file_that_is_there_or_whose_folder_is_not_is_refused_by_its_path(tmp_path: Path) -> None:
    there = tmp_path / "out.svg"
    assert free(there) == there
    there.touch()
    with pytest.raises(click.UsageError, match=r"out\.svg is there already"):
        free(there)
    with pytest.raises(click.UsageError, match=re.escape(f"there is no folder {tmp_path}/none to write out.svg into")):
        free(tmp_path / "none" / "out.svg")


@pytest.mark.parametrize("command", [("ask", "x.csv", "How many?"), ("chat", "x.csv")])
@pytest.mark.parametrize("locale", ["--", "zz-!!", "de_DE", ""])
def test_what_is_no_language_tag_is_refused(command: tuple[str, ...], locale: str) -> None:
    done = CliRunner().invoke(cli, [*command, "--locale", locale])
    assert (done.exit_code, "is no BCP 47 tag" in done.output) == (2, True)
