"""The decision follows from what was seen: calls, probes, parity, private endpoints, and the last 30 days."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.doctor import compare, findings, verdict
from chatsheet.doctor.model import Choice, Decision, PathReport, Report, RouteHistory, Speed
from chatsheet.llm.causes import CATALOGUE
from tests.doctor.reports import ANSWER, PROVEN, UNPROVEN, ill, path, quiet, report, unset

THROUGH = "litellm → azure"
QUIET = (quiet("litellm"), quiet("azure"))


def decided(*paths: PathReport, history: tuple[RouteHistory, ...] = QUIET, before: Report | None = None) -> Decision:
    cells = compare.matrix(paths)
    return verdict.decide(
        cells=cells,
        paths=paths,
        conclusion=compare.conclude(cells, paths),
        differences=compare.differences(paths),
        history=history,
        before=before,
    )


def why(decision: Decision) -> str:
    return " ".join(decision.reasons)


# ── the strategy's decision point ──


def test_litellm_that_answers_and_has_not_failed_is_the_standard() -> None:
    decision = decided(path(THROUGH), path("azure"))
    assert decision.choice == "litellm"
    assert decision.says == "Standardise on LiteLLM."
    assert "a fall-back in the next 30 days" in decision.would_change


def test_litellm_that_keeps_failing_gives_way_to_the_direct_route() -> None:
    before = report(ill(THROUGH, "litellm.key_wrong"), path("azure"))
    decision = decided(ill(THROUGH, "litellm.unknown_model"), path("azure"), before=before)
    assert decision.choice == "direct"
    assert "keeps failing (litellm.unknown_model), as it did the last time" in why(decision)
    assert f"litellm.unknown_model on `{THROUGH}` mended" in decision.would_change[0]


def test_a_slip_is_mended_before_anything_is_decided() -> None:
    decision = decided(ill(THROUGH, "litellm.unknown_model"), path("azure"))
    assert decision.choice == "undecided"
    assert "mend that first; the direct route answers meanwhile" in why(decision)


@pytest.mark.parametrize("cause", ["litellm.down", "azure.rate_limited", "litellm.upstream_unreachable", "litellm.cooldown"])
def test_litellm_that_may_heal_by_itself_is_waited_for(cause: str) -> None:
    assert decided(ill(THROUGH, cause), path("azure")).choice == "hybrid"


def test_a_mask_is_looked_behind() -> None:
    assert decided(ill(THROUGH, "litellm.cooldown", hides="azure.key_wrong"), path("azure")).choice == "undecided"
    assert decided(ill(THROUGH, "litellm.cooldown", hides="azure.rate_limited"), path("azure")).choice == "hybrid"


def test_litellm_that_failed_most_calls_is_not_waited_for() -> None:
    history = (quiet("litellm", calls=400, fell_back=300),)
    decision = decided(ill(THROUGH, "litellm.down"), path("azure"), history=history)
    assert decision.choice == "direct"
    assert "failed most calls of the last 30 days" in why(decision)


def test_a_fall_back_that_was_needed_is_kept() -> None:
    for failed in ("litellm", "azure"):
        history = tuple(quiet(name, fell_back=2 if name == failed else 0) for name in ("litellm", "azure"))
        decision = decided(path(THROUGH), path("azure"), history=history)
        assert decision.choice == "hybrid"
        assert f"`{failed}` fell back in 2 of 500 calls in 30 days (net.connect_timeout 2): the fall-back was needed" in why(
            decision
        )


@pytest.mark.parametrize("history", [(), (quiet("litellm", calls=99),)])
def test_few_calls_are_too_few_to_weigh(history: tuple[RouteHistory, ...]) -> None:
    decision = decided(path(THROUGH), path("azure"), history=history)
    assert decision.choice == "hybrid"
    assert "calls in 30 days on `litellm` are too few to weigh" in why(decision)
    assert "100 calls on `litellm` without a fall-back" in decision.would_change


def test_a_direct_route_that_fails_is_mended_before_anything_is_dropped() -> None:
    decision = decided(path(THROUGH), ill("azure", "azure.key_wrong"))
    assert decision.choice == "hybrid"
    assert "until it is mended nothing falls back" in why(decision)


def test_where_only_one_way_is_configured_there_is_nothing_to_choose() -> None:
    assert decided(path("azure")).choice == "undecided"
    assert decided(path(THROUGH), unset("azure")).choice == "undecided"


def test_no_way_that_answers_decides_nothing() -> None:
    decision = decided(ill(THROUGH, "litellm.down"), ill("azure", "net.dns_failed"))
    assert decision.choice == "undecided"
    assert len(decision.would_change) == 2


def test_nothing_configured_decides_nothing() -> None:
    assert decided(unset("azure")).choice == "undecided"
    assert decided(path("openai"), path("litellm → openai"), history=(quiet("litellm"),)).choice == "litellm"


def test_the_simulator_decides_nothing() -> None:
    decision = decided(path(THROUGH, is_simulated=True), path("azure", is_simulated=True))
    assert decision.choice == "undecided"
    assert "The simulator answered: this shows the chain, not a provider." in decision.reasons


@pytest.mark.parametrize("cause", sorted(verdict.NEVER))
def test_a_litellm_that_cannot_be_trusted_is_left_at_once(cause: str) -> None:
    warned = path(THROUGH).model_copy(
        update={"rungs": (findings.passed("litellm_up", warnings=(findings.finding(cause, "seen"),)),)}
    )
    assert decided(warned, path("azure")).choice == "direct"
    assert decided(warned, ill("azure", "azure.key_wrong")).choice == "undecided"


# ── speed, probes, parity ──


def _with_speed(name: str, first_ms: int, *, probes: int = 5, failed: int = 0) -> PathReport:
    speed = Speed(probes=probes, failed=failed, first_content_ms=first_ms, total_ms=900)
    return path(name).model_copy(update={"speed": speed})


def test_what_the_hop_costs_is_said_and_weighed() -> None:
    cheap = decided(_with_speed(THROUGH, 320), _with_speed("azure", 300))
    assert cheap.choice == "litellm"
    assert "LiteLLM adds 20 ms before the first word (medians)." in cheap.reasons
    dear = decided(_with_speed(THROUGH, 300 + verdict.HOP_FELT_MS + 1), _with_speed("azure", 300))
    assert dear.choice == "hybrid"


def test_a_median_of_two_probes_is_not_weighed() -> None:
    decision = decided(_with_speed(THROUGH, 5000, probes=2), _with_speed("azure", 300))
    assert decision.choice == "litellm"
    assert "before the first word" not in why(decision)


def test_a_failed_probe_keeps_the_fall_back() -> None:
    decision = decided(_with_speed(THROUGH, 320, failed=1), path("azure"))
    assert decision.choice == "hybrid"
    assert f"1 of 5 probes failed on `{THROUGH}`" in why(decision)


def test_answers_that_differ_keep_the_fall_back_and_another_text_does_not() -> None:
    other = path(THROUGH).model_copy(update={"answer": ANSWER.model_copy(update={"model": "gpt-5"})})
    decision = decided(other, path("azure"))
    assert decision.choice == "hybrid"
    assert "Answers differ: model: gpt-5 and gpt-4o-2024-11-20." in decision.reasons
    reworded = path(THROUGH).model_copy(update={"answer": ANSWER.model_copy(update={"text_digest": "a"})})
    assert decided(reworded, path("azure")).choice == "litellm"


# ── private endpoints ──


def _private(name: str, *, is_proven: bool) -> PathReport:
    return path(name, is_private=True).model_copy(update={"private": PROVEN if is_proven else UNPROVEN})


@pytest.mark.parametrize(
    ("through", "direct", "history", "choice"),
    [
        (True, True, QUIET, "litellm"),
        (True, False, QUIET, "litellm"),
        (False, True, QUIET, "direct"),
        (False, False, QUIET, "undecided"),
        (True, True, (), "hybrid"),
        (False, True, (), "direct"),
        (True, False, (), "litellm"),
    ],
)
def test_nothing_is_recommended_that_is_not_proven_private(
    *, through: bool, direct: bool, history: tuple[RouteHistory, ...], choice: Choice
) -> None:
    paths = (_private(THROUGH, is_proven=through), _private("azure", is_proven=direct))
    assert decided(*paths, history=history).choice == choice


def test_an_unproven_choice_says_what_would_prove_it() -> None:
    decision = decided(_private(THROUGH, is_proven=False), _private("azure", is_proven=True))
    assert f"`{THROUGH}` is not proven private" in why(decision)
    assert f"proof that `{THROUGH}` is private" in decision.would_change
    assert "not proven (a LiteLLM that others run cannot be looked into)" in decision.private_endpoint
    assert "`azure`: proven private (connected to 10.1.2.4, the public path is refused)." in decision.private_endpoint


def test_a_ruled_out_litellm_is_not_taken_because_it_is_private() -> None:
    bad = findings.passed("litellm_up", warnings=(findings.finding("litellm.known_bad", "1.107.0"),))
    through = _private(THROUGH, is_proven=True).model_copy(update={"rungs": (bad,)})
    assert decided(through, _private("azure", is_proven=False)).choice == "undecided"


def test_production_is_reminded_of_private_endpoints() -> None:
    assert "Production needs it" in decided(path("azure")).private_endpoint
    assert decided(unset("azure")).private_endpoint == "No path to prove."
    fails = ill("azure", "net.dns_failed").model_copy(update={"is_private": True})
    assert decided(fails).private_endpoint == "`azure`: not proven, nothing answered there."


# ── any combination ──

_STATES = st.one_of(st.just("healthy"), st.just("unset"), st.sampled_from(sorted(CATALOGUE)))


@given(
    through=_STATES,
    direct=_STATES,
    is_private=st.booleans(),
    calls=st.sampled_from([0, 50, 500]),
    fell_back=st.sampled_from([0, 1]),
)
def test_any_combination_is_decided_and_only_on_a_way_that_answers(
    *, through: str, direct: str, is_private: bool, calls: int, fell_back: int
) -> None:
    states = {THROUGH: through, "azure": direct}
    made = [
        _private(name, is_proven=is_private) if state == "healthy" else unset(name) if state == "unset" else ill(name, state)
        for name, state in states.items()
    ]
    decision = decided(*made, history=(quiet("litellm", calls=calls, fell_back=min(calls, fell_back)),))
    answering = {one.way for one in made if one.state == "healthy"}
    assert decision.choice in {"undecided", *answering} or (decision.choice == "hybrid" and answering)
    assert decision.reasons
