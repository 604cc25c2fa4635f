"""`chatsheet eval`: what it prints, when it fails, and that it asks before it spends."""

import json
from pathlib import Path

import pytest

from tests.harness import Wire, run_program, runs, says, write_settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ASKED = ("--only", "trade-01", "--route", "dear", "--yes", "--json")
PACK = 'name = "mine"\nfrozen = 2026-11-23\n[workbook.sales]\nfile = "sales.xlsx"\n'
QUESTION = """
[[question]]
id = "q{n}"
workbook = "sales"
kind = "count"
difficulty = "easy"
question = "{asked}"
answer = {{ sql = "SELECT COUNT(*) AS orders FROM orders" }}
"""
SCRIPTED = ("eval", "office", "--scripted")


async def test_scripted_answers_need_no_settings_and_the_scorecard_names_who_answered(tmp_path: Path) -> None:
    code, out, err = await run_program(*SCRIPTED, "--only", "trade-13", "--only", "trade-10", cwd=tmp_path)
    assert code == 0, err
    assert "answered by scripted replies, no model" in out
    assert "| execution accuracy | 2 of 2 (100 %) |" in out
    assert [line.split()[1] for line in err.splitlines()] == ["trade-03", "trade-13", "trade-10"]


async def test_what_is_kept_is_not_asked_again_and_json_holds_every_mark(tmp_path: Path) -> None:
    kept = (*SCRIPTED, "--only", "trade-01", "--results", str(tmp_path / "r.jsonl"), "--json")
    await run_program(*kept)
    code, out, err = await run_program(*kept)
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert [mark["id"] for mark in told["marks"]] == ["trade-01"]
    assert told["figures"]["cards"]["execution accuracy"] == "1 of 1 (100 %)"


async def test_what_was_right_before_and_is_not_now_fails_with_its_name(tmp_path: Path) -> None:
    before, now = tmp_path / "before.jsonl", tmp_path / "now.jsonl"
    await run_program(*SCRIPTED, "--only", "trade-01", "--results", str(before))
    now.write_text(before.read_text().replace('"verdict":"right","is_right":true', '"verdict":"wrong","is_right":false'))
    shown = ("eval", "office", "--show", "--results", str(now))
    code, out, _ = await run_program(*shown)
    assert (code, "- cards: 1 of 88 questions asked" in out) == (0, True)
    code, out, _ = await run_program(*shown, "--baseline", str(before))
    assert (code, "no longer right: trade-01 (cards)" in out) == (1, True)


async def test_a_route_that_costs_money_is_not_called_without_a_yes(tmp_path: Path) -> None:
    route = 'kind = "azure"\nendpoint = "https://myresource.openai.azure.com"\ndeployment = "d"\nkey = "{azure}"\n'
    config = write_settings(tmp_path, f'[llm]\nroutes = ["azure"]\n[llm.route.azure]\n{route}', {"azure": "0" * 32})
    code, _, err = await run_program("--config", str(config), "eval", "office", "--only", "trade-01", "--ablation")
    assert code == 2
    assert "eval.consent_needed" in err
    assert "3 questions, some 6 model calls and at most 24, would go to azure" in err


async def test_configured_routes_are_asked_and_prices_are_summed(tmp_path: Path, wire: Wire) -> None:
    route = f'kind = "azure"\nendpoint = "{wire.url}"\ndeployment = "gpt-4o"\nkey = "{{azure}}"\n'
    prices = "input_price = 10.0\noutput_price = 10.0\n"
    text = f"data = '{tmp_path}'\n[llm]\nroutes = [\"dear\"]\n[llm.route.dear]\n{route}{prices}"
    config = write_settings(tmp_path, text, {"azure": wire.key})
    wire.script("gpt-4o", runs("SELECT COUNT(*) AS orders FROM orders"), says("320 orders."))
    code, out, err = await run_program("--config", str(config), "eval", "office", *ASKED)
    assert code == 0, err
    (mark,) = json.loads(out)["marks"]
    assert mark["verdict"] == "right"
    assert mark["cost"] > 0


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("eval", "none"), "eval.pack_not_found"),
        ((*SCRIPTED, "--only", "trade-99"), "eval.question_unknown"),
        ((*SCRIPTED, "--local"), "exclude each other"),
        ((*SCRIPTED, "--show"), "--show needs --results"),
        ((*SCRIPTED, "--baseline", "missing.jsonl"), "eval.results_invalid"),
    ],
)
async def test_wrong_arguments_are_told(arguments: tuple[str, ...], what: str, tmp_path: Path) -> None:
    code, _, err = await run_program(*arguments, cwd=tmp_path)
    assert code == 2
    assert what in err
