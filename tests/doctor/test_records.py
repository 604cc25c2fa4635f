"""Examinations are written down, one page a time, and the roadmap says what the newest one found."""

import logging
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chatsheet.core.errors import StorageUnavailable
from chatsheet.doctor import compare, findings, records, verdict
from chatsheet.doctor.model import Certificate, Finding, HostProof, PathReport, Report, RouteHistory, SettingsProblem
from tests.doctor.reports import DAY, PROVEN, ill, path, quiet, report, unset

THROUGH = "other → gpt-4"
HISTORY = (quiet("other", calls=12, fell_back=12), quiet("azure", calls=12))


def examined(
    *paths: PathReport, before: Report | None = None, history: Sequence[RouteHistory] = HISTORY, days: int = 0
) -> Report:
    """Return a whole report, as the examination puts it together."""
    cells = compare.matrix(paths)
    conclusion = compare.conclude(cells, paths)
    found = compare.differences(paths)
    decision = verdict.decide(cells=cells, paths=paths, conclusion=conclusion, differences=found, history=history)
    parts = {
        "matrix": cells,
        "differences": found,
        "conclusion": conclusion,
        "decision": decision.model_copy(update={"settings_diff": "-routes = []\n+routes = ['azure']\n"}),
        "history": tuple(history),
    }
    whole = report(*paths, at=DAY + timedelta(days=days)).model_copy(update=parts)
    return whole.model_copy(update={"changes": compare.changes(before, whole)})


@pytest.fixture
def first() -> Report:
    """The strategy's story: a hand-written config with an alias that nobody serves."""
    return examined(ill(THROUGH, "litellm.unknown_model", rung="litellm_alias"), path("azure"), unset("openai"))


@pytest.fixture
def second(first: Report) -> Report:
    """The same after the fix."""
    healed = path(THROUGH).model_copy(update={"rungs": (findings.passed("litellm_alias", "gpt-4 is served"),)})
    return examined(healed, path("azure"), unset("openai"), before=first, days=3)


# ── the strategy's story ──


def test_after_the_fix_the_verdict_turns_and_both_records_are_kept(tmp_path: Path, first: Report, second: Report) -> None:
    pages = [records.write(tmp_path, one)[0].read_text(encoding="utf-8") for one in (first, second)]
    assert [one.conclusion.rule for one in (first, second) if one.conclusion] == ["litellm_azure_entry", "resolved"]
    assert [one.decision.choice for one in (first, second) if one.decision] == ["undecided", "hybrid"]
    assert "mend that first; the direct route answers meanwhile" in pages[0]
    assert f"since 2026-11-22: litellm.unknown_model fixed on `{THROUGH}`" in pages[1]
    assert len(list(tmp_path.iterdir())) == 4


# ── files ──


def test_records_are_named_by_day_and_never_overwritten(tmp_path: Path, first: Report, second: Report) -> None:
    names = [path.name for one in (first, first, second, first) for path in records.write(tmp_path / "new", one)]
    assert names[::2] == [
        "2026-11-22-integration.md",
        "2026-11-22-integration-2.md",
        "2026-11-25-integration.md",
        "2026-11-22-integration-3.md",
    ]
    assert names[1] == "2026-11-22-integration.json"


def test_a_page_that_somebody_wrote_is_not_overwritten(tmp_path: Path, first: Report) -> None:
    (tmp_path / "2026-11-22-integration.md").write_text("mine", encoding="utf-8")
    (tmp_path / "2026-11-22-integration-2.json").write_text("mine", encoding="utf-8")
    assert records.write(tmp_path, first)[1].name == "2026-11-22-integration-3.json"


def test_the_latest_record_is_read_back_as_it_was_written(tmp_path: Path, first: Report, second: Report) -> None:
    assert records.latest(tmp_path) is None
    for one in (second, *[first] * 10):
        records.write(tmp_path, one)
    assert records.latest(tmp_path) == second
    (tmp_path / "2026-11-25-integration.json").unlink()
    found = records.newest(tmp_path)
    assert found is not None
    assert found[0].name == "2026-11-22-integration-10.md"


@pytest.mark.parametrize("text", ["", "{}", '{"from": "another version"}'])
def test_a_record_that_cannot_be_read_is_skipped_with_a_note(
    tmp_path: Path, first: Report, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    records.write(tmp_path, first)
    (tmp_path / "2027-01-01-integration.json").write_text(text, encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert records.latest(tmp_path) == first
    assert "2027-01-01-integration.json is skipped" in caplog.text


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, first: Report) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageUnavailable, match="No record could be written"):
        records.write(tmp_path / "file", first)


# ── the page ──


def _page(one: Report, folder: Path) -> str:
    return records.write(folder, one)[0].read_text(encoding="utf-8")


def test_a_page_has_the_parts_of_a_decision_record_the_decision_first(tmp_path: Path, first: Report) -> None:
    page = _page(first, tmp_path)
    assert page.startswith("# Integration on 2026-11-22: Nothing can be decided yet.\n")
    parts = ("Status", "Decision", "Context", "Consequences", "Alternatives", "Enforced by")
    assert [name for name in re.findall(r"^\*\*(.+?)\*\*", page, re.MULTILINE) if name in parts] == list(parts)


def test_a_page_says_what_is_broken_and_how_to_mend_it(tmp_path: Path) -> None:
    found = Finding(
        cause="azure.permission", layer="permission", owner="azure", what="no role", fix="assign one", commands=("az role …",)
    )
    told = ill("azure", "azure.permission").model_copy(update={"rungs": (findings.broken("permission", found, "status 401"),)})
    page = _page(examined(told), tmp_path)
    assert "| permission | broken |  | status 401 |" in page
    assert "First broken: permission: **azure.permission** (azure). no role. Fix: assign one" in page
    assert "```sh\naz role …\n```" in page


def test_a_page_has_matrix_proof_speed_history_and_settings(tmp_path: Path) -> None:
    host = HostProof(
        host="x.openai.azure.com",
        zone="privatelink.openai.azure.com",
        chain=("x.privatelink.openai.azure.com",),
        addresses=("10.1.2.4",),
        address_class="private",
    )
    leaf = Certificate(subject="x.openai.azure.com", issuer="Some CA", expires=DAY)
    proof = PROVEN.model_copy(update={"hosts": (host,), "certificates": (leaf,)})
    page = _page(examined(path("azure", is_private=True).model_copy(update={"private": proof})), tmp_path)
    assert "| Azure | directly | answers (`azure`) |" in page
    assert "| OpenAI | through LiteLLM | not configured |" in page
    assert "x.openai.azure.com → x.privatelink.openai.azure.com → 10.1.2.4 (private; zone privatelink" in page
    assert "certificate of x.openai.azure.com, by Some CA, until 2026-11-22" in page
    assert "| `azure` | 5 | 0 | 300 | 600 |" in page
    assert "`other`: 12 calls, 12 fell back (net.connect_timeout 12)" in page
    assert "```diff\n-routes = []\n+routes = ['azure']\n```" in page


def test_what_a_page_quotes_cannot_become_markup(tmp_path: Path) -> None:
    odd = findings.broken("server", findings.finding("provider.not_json", "a | page\nof [x](y) <b>"), "a|b")
    page = _page(examined(ill("azure", "provider.not_json").model_copy(update={"rungs": (odd,)})), tmp_path)
    assert "a \\| page of [x] (y) &lt;b>" in page
    assert "| server | broken |  | a\\|b |" in page


def test_wrong_settings_have_a_page_too(tmp_path: Path) -> None:
    problem = SettingsProblem(key="llm.routes", cause="settings.invalid", reason="no such route", fix="name one")
    wrong = report().model_copy(update={"problems": (problem,)})
    assert "`llm.routes`: no such route (settings.invalid). Fix: name one" in _page(wrong, tmp_path)
    lines = records.roadmap(ROADMAP, wrong, "x.md")
    assert "- not examined: the settings are wrong\n- decision: none\n- private endpoints: not examined\n" in lines


# ── the roadmap ──

ROADMAP = f"# Roadmap\n\n{records.BEGIN}\nold\n{records.END}\n\n- the rest\n"


def test_the_roadmaps_lines_are_those_of_the_newest_record(tmp_path: Path, first: Report, second: Report) -> None:
    folder, file = tmp_path / "docs/decisions", tmp_path / "ROADMAP.md"
    file.write_text(ROADMAP, encoding="utf-8")
    for one in (second, first):
        records.write(folder, one)
    assert records.refresh(file, folder)
    text = file.read_text(encoding="utf-8")
    assert f"- Azure through LiteLLM: answers (`{THROUGH}`)\n- Azure directly: answers (`azure`)\n" in text
    assert "- OpenAI through LiteLLM: not configured\n" in text
    assert "- decision: Stay hybrid: LiteLLM first, the direct route as fall-back.\n- private endpoints: Not asked for" in text
    assert "- recorded 2026-11-25: [2026-11-25-integration.md](docs/decisions/2026-11-25-integration.md)\n" in text
    assert text.startswith("# Roadmap\n")
    assert text.endswith(f"{records.END}\n\n- the rest\n")
    assert not records.refresh(file, folder)


def test_without_a_record_the_roadmap_says_so(tmp_path: Path) -> None:
    assert records.NOT_YET in records.refreshed(ROADMAP, tmp_path, beside=tmp_path)


def test_a_roadmap_without_marks_is_left_alone(first: Report) -> None:
    assert records.roadmap("# Ours", first, "x.md") == "# Ours"


def test_an_ill_and_a_simulated_cell_are_marked(first: Report) -> None:
    assert "- Azure through LiteLLM: fails, litellm.unknown_model (`other → gpt-4`)" in records.roadmap(ROADMAP, first, "x.md")
    simulated = examined(path("azure", is_simulated=True))
    assert "- Azure directly: answers (`azure`, simulated)" in records.roadmap(ROADMAP, simulated, "x.md")
