"""The strategy's three rules hold, and what its two calls cannot tell apart is told apart."""

import random
from datetime import timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.doctor import compare, findings, rules
from chatsheet.doctor.model import PathReport, RungName, SettingsProblem
from chatsheet.llm.causes import CATALOGUE
from tests.doctor.reports import DAY, ill, path, report, unset

AZURE, OPENAI = "litellm → azure", "litellm → openai"


def concluded(*paths: PathReport) -> str:
    return compare.conclude(compare.matrix(paths), paths).rule


# ── the matrix ──


def test_the_matrix_has_four_cells_whatever_is_configured() -> None:
    cells = compare.matrix([path("azure"), ill(AZURE, "litellm.down"), unset("openai")])
    states = {(cell.provider, cell.way): cell.state for cell in cells}
    assert states == {
        ("azure", "litellm"): "ill",
        ("azure", "direct"): "healthy",
        ("openai", "litellm"): "not_configured",
        ("openai", "direct"): "not_configured",
    }


def test_a_cell_is_filled_by_the_path_in_use_else_by_the_first_configured() -> None:
    spare, used = path("azure-spare", is_in_use=False), path("azure-used")
    assert compare.matrix([spare, used])[1].path == "azure-used"
    assert compare.matrix([unset("azure-unset"), spare])[1].path == "azure-spare"


def test_a_cell_says_who_answered_and_who_vouches_for_it() -> None:
    evidence = compare.matrix([path(AZURE)])[0].evidence
    assert "gpt-4o-2024-11-20 answered (stop)" in evidence
    assert "proof: egress" in evidence


def test_a_cell_names_the_first_broken_rung() -> None:
    cell = compare.matrix([ill("azure", "azure.key_wrong", rung="auth")])[1]
    assert cell.cause == "azure.key_wrong"
    assert "auth: azure.key_wrong" in cell.evidence
    assert "status 401" in cell.evidence


def test_an_alias_of_which_nothing_is_told_counts_as_azure_and_says_so() -> None:
    cell = compare.matrix([path("other → gpt-4")])[0]
    assert cell.state == "healthy"
    assert "what stands behind this alias is not told; taken for Azure" in cell.evidence


# ── the strategy's three rules ──


def test_openai_works_and_azure_does_not_through_litellm() -> None:
    assert concluded(ill(AZURE, "azure.key_wrong"), path(OPENAI)) == "azure_settings"


def test_both_fail_through_litellm() -> None:
    assert concluded(ill(AZURE, "litellm.unknown_model"), ill(OPENAI, "litellm.unknown_model")) == "litellm"


def test_both_work_through_litellm() -> None:
    assert concluded(path(AZURE), path(OPENAI)) == "resolved"


# ── the finer ones ──

FINER = {
    "LiteLLM is down": ("litellm_down", [ill(AZURE, "litellm.down"), ill(OPENAI, "litellm.down"), path("azure")]),
    "its key is wrong": ("litellm_key", [ill(AZURE, "litellm.key_wrong"), ill(OPENAI, "litellm.key_wrong")]),
    "L9, nothing known": ("cooldown", [ill(AZURE, "litellm.cooldown"), path(OPENAI), path("azure")]),
    "L9, hiding a key": (
        "azure_settings",
        [ill(AZURE, "litellm.cooldown", hides="azure.key_wrong"), path(OPENAI)],
    ),
    "N9": ("proxied_public", [ill(AZURE, "net.proxied_public"), path(OPENAI), ill("azure", "net.proxied_public")]),
    "D8": ("retired_model", [ill(AZURE, "azure.model_retired"), path(OPENAI)]),
    "Azure's entry": ("litellm_azure_entry", [ill(AZURE, "litellm.unknown_model"), path(OPENAI), path("azure")]),
    "Azure's entry, OpenAI unset": ("litellm_azure_entry", [ill(AZURE, "azure.key_wrong"), unset("openai"), path("azure")]),
    "a hand-written alias": ("litellm_azure_entry", [ill("other → gpt-4", "litellm.unknown_model"), path("azure")]),
    "Azure itself": ("azure_itself", [ill(AZURE, "azure.permission"), path(OPENAI), ill("azure", "azure.permission")]),
    "Azure's network": (
        "azure_network",
        [ill(AZURE, "net.dns_failed"), path(OPENAI), ill("azure", "net.connect_timeout", rung="tcp"), path("openai")],
    ),
    "a masked network": (
        "azure_network",
        [ill(AZURE, "litellm.upstream_unreachable"), path(OPENAI), ill("azure", "net.dns_failed", rung="dns")],
    ),
    "our network": (
        "network_here",
        [ill(AZURE, "tls.intercepted"), ill("azure", "net.dns_failed"), ill("openai", "net.refused")],
    ),
    "two causes": ("two_causes", [ill(AZURE, "litellm.unknown_model"), path(OPENAI), ill("azure", "azure.key_wrong")]),
    "one refused and no second way": ("azure_settings", [ill(AZURE, "azure.key_wrong"), path(OPENAI)]),
    "OpenAI's entry in LiteLLM": ("litellm_openai_entry", [path(AZURE), ill(OPENAI, "openai.key_wrong"), path("openai")]),
    "one route, and it breaks": ("way_broken", [ill("local", "net.refused").model_copy(update={"provider": "compatible"})]),
    "a limit, and OpenAI's key": (
        "transient",
        [ill("azure", "stream.stalled", rung="chat"), ill("openai", "openai.key_wrong")],
    ),
    "each its own key": ("litellm", [ill(AZURE, "azure.key_wrong"), ill(OPENAI, "openai.key_wrong")]),
    "only directly ill": ("direct_route", [path(AZURE), path(OPENAI), ill("azure", "azure.key_wrong")]),
    "OpenAI's own": ("openai_settings", [path(AZURE), ill(OPENAI, "openai.key_wrong")]),
    "OpenAI's bill": ("openai_settings", [path(AZURE), ill(OPENAI, "openai.quota")]),
    "a limit": ("transient", [path(AZURE), ill("azure", "azure.rate_limited", rung="chat")]),
    "a filter": ("transient", [ill(AZURE, "content.filtered", rung="chat"), path("azure")]),
    "settings": ("settings", [ill(AZURE, "route.key_missing", rung="settings"), path("azure")]),
    "no LiteLLM": ("litellm_not_configured", [path("azure")]),
    "no Azure": ("azure_not_configured", [path("openai"), path(OPENAI)]),
    "nothing": ("nothing_configured", [unset("azure")]),
    "LiteLLM for OpenAI alone": ("litellm", [path("azure"), ill(OPENAI, "litellm.unknown_model")]),
    "OpenAI directly, beside Azure": ("openai_settings", [path("azure"), ill("openai", "openai.key_wrong")]),
    "another route, no LiteLLM": ("other_route", [path("azure"), ill("azure-west", "azure.key_wrong")]),
    "another route": ("other_route", [path(AZURE), path("azure"), ill("azure-west", "azure.key_wrong")]),
    "no name": ("undecidable", [ill(AZURE, "unknown")]),
    "a LiteLLM of others on a private route": ("litellm_untrusted", [ill("other → gpt-4", "litellm.untrusted_for_private")]),
}


@pytest.mark.parametrize("case", FINER)
def test_the_same_pair_of_outcomes_is_told_apart(case: str) -> None:
    rule, paths = FINER[case]
    assert concluded(*paths) == rule


def test_a_404_of_a_retiring_model_is_not_taken_for_a_wrong_path() -> None:
    warned = findings.passed("model", warnings=(findings.finding("azure.model_retiring", "retired on 2026-10-01"),))
    gone = ill("azure", "azure.resource_not_found", rung="deployment")
    told = gone.model_copy(update={"rungs": (*gone.rungs, warned)})
    assert concluded(ill(AZURE, "azure.resource_not_found"), told) == "retired_model"
    assert concluded(ill(AZURE, "azure.resource_not_found"), gone) == "azure_itself"


def test_a_reason_that_hides_its_own_outcome_stays_the_reason() -> None:
    paths = (ill(AZURE, "litellm.database_url", hides="litellm.down"), path("azure"))
    assert compare.believed(paths[0], paths).code == "litellm.database_url"


def test_a_conclusion_says_what_it_stands_on() -> None:
    paths = (ill(AZURE, "litellm.unknown_model"), path(OPENAI), path("azure"))
    because = compare.conclude(compare.matrix(paths), paths).because
    assert "Azure directly: answers (`azure`)" in because
    assert "the strategy's two tests alone: OpenAI works and Azure does not: azure_settings" in because
    assert any("litellm.unknown_model" in line for line in because)


def test_without_openai_the_strategys_rules_are_said_to_be_undecidable() -> None:
    paths = (ill(AZURE, "litellm.unknown_model"), unset("openai"), path("azure"))
    because = " ".join(compare.conclude(compare.matrix(paths), paths).because)
    assert "cannot be decided: OpenAI is not configured through LiteLLM; the direct call to Azure decides" in because


def test_a_masks_cause_is_named_beside_it() -> None:
    paths = (ill(AZURE, "litellm.cooldown", hides="azure.deployment_not_found"), path(OPENAI))
    line = compare.conclude(compare.matrix(paths), paths).because[0]
    assert "litellm.cooldown, behind which stands azure.deployment_not_found" in line


STATES = st.one_of(st.just("healthy"), st.just("unset"), st.sampled_from(sorted(CATALOGUE)), st.just("no.such_cause"))
NAMES = ("azure", AZURE, "openai", OPENAI, "other → gpt-4", "azure-west", "workstation")


@st.composite
def _examined(draw: st.DrawFn) -> list[PathReport]:
    found: list[PathReport] = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        state, hides = draw(STATES), draw(st.sampled_from(["", "azure.key_wrong", "no.such_cause"]))
        made = path(name) if state == "healthy" else unset(name) if state == "unset" else ill(name, state, hides=hides)
        found.append(made.model_copy(update={"provider": "compatible"}) if name == "workstation" else made)
    return found


@given(_examined(), st.randoms(use_true_random=False))
def test_any_combination_has_a_rule_whatever_the_order_of_paths(paths: list[PathReport], chance: random.Random) -> None:
    cells = compare.matrix(paths)
    shuffled = chance.sample(paths, len(paths))
    first, second = compare.conclude(cells, paths), compare.conclude(cells, shuffled)
    assert first == second
    assert first.says == rules.SENTENCES[first.rule]


def test_every_rule_can_be_reached() -> None:
    assert set(rules.SENTENCES) == {rule for rule, _ in FINER.values()} | {"litellm", "resolved"}


# ── parity ──


def _answering(name: str, **changed: object) -> PathReport:
    found = path(name)
    assert found.answer is not None
    return found.model_copy(update={"answer": found.answer.model_copy(update=changed)})


def test_equal_answers_have_no_difference() -> None:
    assert compare.differences([path(AZURE), path("azure"), path(OPENAI), path("openai")]) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "gpt-5"),
        ("finish_reason", "length"),
        ("called_tool", False),
        ("input_tokens", 20),
        ("adapted", ("temperature",)),
    ],
)
def test_what_differs_is_named_with_both_values(field: str, value: object) -> None:
    (found,) = compare.differences([_answering(AZURE, **{field: value}), path("azure")])
    assert found.field == field
    assert found.paths == (AZURE, "azure")


def test_another_text_is_only_a_note() -> None:
    (found,) = compare.differences([_answering(AZURE, text_digest="a1"), _answering("azure", text_digest="b2")])
    assert found.field in compare.NOTES


def test_paths_to_different_deployments_are_not_compared() -> None:
    assert compare.differences([_answering(AZURE, model="gpt-5"), path("azure-west"), path("openai")]) == ()


def test_the_alias_that_a_litellm_of_others_reports_as_model_is_no_difference() -> None:
    assert compare.differences([_answering("other → gpt-4", model="gpt-4"), path("azure")]) == ()
    assert len(compare.differences([_answering("other → gpt-4", model="gpt-35"), path("azure")])) == 1


# ── since the last examination ──

LATER = DAY + timedelta(days=3)


def test_what_was_fixed_and_what_is_new_is_said_with_the_day() -> None:
    before = report(ill(AZURE, "azure.token_rejected"), path("azure"))
    now = report(path(AZURE).model_copy(update={"rungs": (findings.passed("auth"),)}), ill("azure", "net.dns_failed"), at=LATER)
    lines = compare.changes(before, now)
    assert f"since 2026-11-22: azure.token_rejected fixed on `{AZURE}`" in lines
    assert "since 2026-11-22: new: net.dns_failed on `azure`" in lines


def test_a_cause_behind_an_earlier_one_is_not_called_fixed() -> None:
    before = report(ill("azure", "azure.key_wrong", rung="auth"))
    broken = findings.broken("dns", findings.finding("net.dns_failed", "no such name"))
    now = ill("azure", "net.dns_failed").model_copy(update={"rungs": (broken, findings.not_reached("auth"))})
    lines = compare.changes(before, report(now, at=LATER))
    assert "since 2026-11-22: azure.key_wrong on `azure` is not reached any more" in lines
    assert not any("fixed" in line for line in lines)


def test_another_model_and_another_speed_are_said() -> None:
    quick = _answering("azure", model="gpt-5.4")
    assert quick.speed is not None
    quick = quick.model_copy(update={"speed": quick.speed.model_copy(update={"first_content_ms": 200})})
    lines = compare.changes(report(path("azure")), report(quick, at=LATER))
    assert "since 2026-11-22: the model behind `azure` changed from gpt-4o-2024-11-20 to gpt-5.4" in lines
    assert "since 2026-11-22: first token on `azure` 300 → 200 ms" in lines


def test_paths_that_come_and_go_are_said() -> None:
    before, now = report(path("azure"), unset("openai")), report(path("openai"), ill("azure-west", "net.refused"), at=LATER)
    assert set(compare.changes(before, now)) == {
        "since 2026-11-22: `openai` was not configured and is healthy",
        "since 2026-11-22: new path `azure-west`: net.refused",
        "since 2026-11-22: `azure` is not in the settings any more",
    }


def test_settings_that_were_corrected_are_said() -> None:
    problem = SettingsProblem(key="llm.routes", cause="settings.invalid", reason="no such route", fix="name one")
    wrong, right = report().model_copy(update={"problems": (problem,)}), report(path("azure"), at=LATER)
    assert compare.changes(wrong, right) == ("since 2026-11-22: the setting llm.routes is corrected",)
    assert compare.changes(right, wrong) == ("since 2026-11-25: new: the setting llm.routes is wrong (settings.invalid)",)


def test_nothing_changed_is_said_too_and_nothing_without_an_earlier_report() -> None:
    same = report(path("azure"))
    assert compare.changes(None, same) == ()
    assert compare.changes(same, report(path("azure"), at=LATER)) == ("since 2026-11-22: nothing changed",)
    assert compare.changes(same, same) == ("since 2026-11-22 09:30: nothing changed",)


@pytest.mark.parametrize("changed", [{"model": "gpt-5"}, {"adapted": ("max_tokens",)}])
def test_a_deployment_that_changed_underneath_is_found(changed: dict[str, object]) -> None:
    found = compare.changed_models(report(path("azure"), path("openai")), [_answering("azure", **changed), path("openai")])
    assert list(found) == ["azure"]
    assert found["azure"].cause == "azure.model_changed"
    assert "on 2026-11-22 it was" in found["azure"].what


@pytest.mark.parametrize("cause", ["azure.model_retired", "azure.resource_not_found"])
def test_a_model_that_answered_and_is_gone_is_found(cause: str) -> None:
    found = compare.changed_models(report(path("azure")), [ill("azure", cause)])
    assert "answered here on 2026-11-22 and is not found now" in found["azure"].what


def test_what_cannot_be_known_of_a_model_is_no_change() -> None:
    simulated = path("azure", is_simulated=True)
    assert compare.changed_models(None, [path("azure")]) == {}
    assert compare.changed_models(report(path("azure")), [path("azure"), ill("azure", "azure.key_wrong")]) == {}
    assert compare.changed_models(report(simulated), [_answering("azure", model="gpt-5")]) == {}
    assert compare.changed_models(report(path("other → gpt-4")), [_answering("other → gpt-4", model="gpt-5")]) == {}


def test_every_layer_of_the_catalogue_is_known_to_the_rules() -> None:
    rungs = cast("list[RungName]", ["auth"])
    for cause in CATALOGUE:
        assert concluded(ill(AZURE, cause, rung=rungs[0]), path(OPENAI), path("azure")) in rules.SENTENCES
