"""The docs say what the program does: references are complete, commands run, versions agree."""

import re
import tomllib

import pytest

from chatsheet.doctor import records
from tests.harness import ROOT, run_program

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.anyio
@pytest.mark.parametrize("tool", ["gen_reference", "gen_web_types"])
async def test_what_is_generated_is_fresh(tool: str) -> None:
    code, _, err = await run_program("--check", argv=(str(ROOT / ".venv/bin/python"), str(ROOT / f"tools/{tool}.py")))
    assert code == 0, err


def test_every_make_target_of_the_docs_exists() -> None:
    known = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")):
            assert target in known, f"{page.name} names make {target}"


def test_the_readme_is_short_and_shows_a_real_picture() -> None:
    assert len(README.splitlines()) <= 120
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    assert pictures
    assert all((ROOT / path).is_file() for path in pictures)


def test_links_in_the_docs_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_the_changelogs_top_version_is_the_packages() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    top = re.search(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert top is not None
    assert top.group(1) == version


def test_every_dependency_is_a_recorded_decision() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [*project["dependencies"], *(name for extra in project["optional-dependencies"].values() for name in extra)]
    record = (ROOT / "docs/decisions/dependencies.md").read_text(encoding="utf-8")
    for requirement in listed:
        name = re.split(r"[\[<>=]", requirement)[0]
        assert f"| {name} |" in record, f"{name} has no line in dependencies.md"


def test_every_decision_names_its_check() -> None:
    for page in sorted((ROOT / "docs/decisions").glob("[0-9]*.md")):
        text = page.read_text(encoding="utf-8")
        for heading in ("Status", "Context", "Decision", "Consequences", "Alternatives", "Enforced by"):
            assert f"**{heading}**" in text, f"{page.name} lacks {heading}"


def test_only_the_database_package_commits() -> None:
    for path in sorted((ROOT / "src").rglob("*.py")):
        if "/db/" not in path.as_posix():
            assert ".commit(" not in path.read_text(encoding="utf-8"), path.name


def test_the_roadmaps_integration_lines_come_from_the_newest_record() -> None:
    text = (ROOT / "ROADMAP.md").read_text(encoding="utf-8")
    assert records.BEGIN in text
    assert records.END in text
    assert text == records.refreshed(text, ROOT / "docs/decisions", beside=ROOT)
