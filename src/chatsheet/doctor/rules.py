"""Which rule explains the cells of the matrix, and its sentence for whoever mends it. Pure.

`azure_settings`, `litellm` and `resolved` are the strategy's own; the others part what its two calls cannot tell apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from chatsheet.doctor.model import Way
from chatsheet.llm.causes import CATALOGUE, Cause, Layer

NETWORK: frozenset[Layer] = frozenset({"dns", "network", "tls", "proxy"})
PASSING: frozenset[Layer] = frozenset({"capacity", "content", "stream"})
"""What passes by itself, unless its cause is permanent; a provider that says so was reached and let us in."""
_REFUSED: frozenset[Layer] = frozenset({"auth", "permission", "deployment", "parameters"})
"""What only a provider says: whoever passes it on, forwards."""

SENTENCES = {
    "resolved": "Azure answers through LiteLLM: what was wrong there is resolved.",
    "azure_settings": (
        "LiteLLM itself serves, and Azure behind it does not: the settings for Azure are wrong "
        "(key, endpoint, deployment, api-version)."
    ),
    "litellm": "Calls through LiteLLM fail whatever the provider: LiteLLM's own configuration or network is wrong.",
    "litellm_azure_entry": (
        "Azure answers directly and not through LiteLLM: LiteLLM's entry for Azure is wrong "
        "(azure/ in front of the model, the alias, the key's name, api_base)."
    ),
    "litellm_openai_entry": "OpenAI answers directly and not through LiteLLM: LiteLLM's entry for OpenAI is wrong.",
    "litellm_down": "LiteLLM does not run, or is still starting: nothing behind it can be judged.",
    "litellm_key": "LiteLLM refuses our key: nothing behind it was reached, so that this says nothing about Azure.",
    "litellm_untrusted": "The route is private and LiteLLM is run by others: no request was handed to it.",
    "cooldown": (
        "LiteLLM rests after an earlier failure and hides its cause: wait a minute, ask again, and believe the first answer."
    ),
    "proxied_public": (
        "A proxy stands in the way: it reaches Azure over its public address, and Azure refuses that. Except the host from it."
    ),
    "retired_model": "The model behind the deployment is retired: this looks like wrong settings, and no setting mends it.",
    "azure_itself": "Azure itself refuses: the key, permission, deployment or api-version is wrong, not LiteLLM.",
    "azure_network": "Azure cannot be reached: the way to it is broken (name, firewall, private endpoint, TLS), not LiteLLM.",
    "network_here": "Every way fails before a provider answers: the network of this machine is the cause, not LiteLLM.",
    "way_broken": "The only way that was asked breaks before its provider: its address, its server, or the network between.",
    "two_causes": "Azure fails both ways, each for a cause of its own: mend the direct way first, it is the shorter one.",
    "direct_route": "Azure answers through LiteLLM and not directly: the direct route's own settings or network are wrong.",
    "openai_settings": "Azure is well; OpenAI fails by itself: its key, its account, or the way to it.",
    "other_route": "Azure is well; another route fails for a cause of its own.",
    "transient": "Nothing is wrong for good: a limit, a filter or a broken stream was in the way. Ask again later.",
    "settings": "The settings are wrong: they come first, nothing behind them can be judged.",
    "litellm_not_configured": "Azure answers directly; LiteLLM is not configured for it, so that there is nothing to compare.",
    "azure_not_configured": "Azure is not configured: only the other providers were asked.",
    "nothing_configured": "No route is configured: there is nothing to compare.",
    "undecidable": "Azure fails for a cause that has no name yet, and there is no second way to compare it with.",
}

Where = tuple[Literal["azure", "openai"], Way]
"""The place of a cell in the matrix."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A path as the rules see it: whether it works, and the cause that is believed."""

    works: bool
    """Answers, or fails for something that passes by itself."""
    cause: Cause
    answers: bool = True

    @property
    def layer(self) -> Layer:
        return self.cause.layer

    @property
    def is_refusal(self) -> bool:
        return not self.works and self.layer in _REFUSED

    @property
    def is_unreached(self) -> bool:
        return not self.works and self.layer in NETWORK

    def is_like(self, other: "Seen") -> bool:
        """Tell whether both fail at one place; LiteLLM's `Connection error` stands for any failure to connect."""
        if self.is_unreached or other.is_unreached:
            return all(one.is_unreached or one.cause.code == "litellm.upstream_unreachable" for one in (self, other))
        return self.layer == other.layer


def passes(code: str) -> bool:
    """Tell whether a cause passes by itself: nothing is to be mended."""
    cause = CATALOGUE.get(code)
    return cause is not None and cause.layer in PASSING and not cause.permanent


_NAMED = {
    "litellm.down": "litellm_down",
    "litellm.key_missing": "litellm_key",
    "litellm.key_wrong": "litellm_key",
    "litellm.untrusted_for_private": "litellm_untrusted",
    "litellm.cooldown": "cooldown",
    "net.proxied_public": "proxied_public",
    "azure.model_retired": "retired_model",
}
"""Causes that say by themselves what a comparison would get wrong."""


def fitting(at: Mapping[Where, Seen | None], asked: Sequence[Seen]) -> str:
    """Return the first rule that fits: `at` are the cells, None where not configured; `asked` every configured path."""
    azure, direct = at[("azure", "litellm")], at[("azure", "direct")]
    is_failing = any(not one.works for one in asked)
    if not asked:
        return "nothing_configured"
    azures = [one for one in (azure, direct) if one is not None]
    if any(passes(one.cause.code) for one in asked) and (
        not is_failing or (not any(one.answers for one in (azures or asked)) and any(one.works for one in (azures or asked)))
    ):
        return "transient"
    if azure is not None and azure.works:
        return _beside_azure(at, is_failing=is_failing)
    if plain := _by_cause([one for one in at.values() if one is not None and not one.works]):
        return plain
    if all(one.is_unreached for one in asked):
        return "network_here" if len(asked) > 1 else "azure_network" if azures else "way_broken"
    if azure is not None:
        return _not_through_litellm(azure, direct, at[("openai", "litellm")])
    return "azure_not_configured" if direct is None else _directly_only(direct, at, is_failing=is_failing)


def _beside_azure(at: Mapping[Where, Seen | None], *, is_failing: bool) -> str:
    """Azure answers through LiteLLM: what fails, fails beside it."""
    ill = {where for where, one in at.items() if one is not None and not one.works}
    if ("azure", "direct") in ill:
        return "direct_route"
    other = at[("openai", "direct")]
    if ill == {("openai", "litellm")} and other is not None and other.answers:
        return "litellm_openai_entry"
    return "openai_settings" if ill else "other_route" if is_failing else "resolved"


def _by_cause(ill: Sequence[Seen]) -> str:
    """Return what a cause says by itself, whatever the other cells show; empty for nothing."""
    if any(one.layer == "settings" for one in ill):
        return "settings"
    return next((_NAMED[one.cause.code] for one in ill if one.cause.code in _NAMED), "")


def _not_through_litellm(azure: Seen, direct: Seen | None, openai: Seen | None) -> str:
    """Azure fails through LiteLLM: OpenAI through it is the witness for LiteLLM, Azure directly the one for Azure."""
    forwards = azure.is_refusal or (openai is not None and (openai.works or openai.is_refusal))
    if openai is not None and not forwards and (direct is None or direct.works or not direct.is_like(azure)):
        return "litellm"
    if direct is not None and direct.works:
        return "litellm_azure_entry"
    if direct is not None:
        alike = "azure_network" if direct.is_unreached else "azure_itself"
        return alike if azure.is_like(direct) else "two_causes"
    if openai is not None and not openai.works:
        return "litellm"
    if openai is not None or azure.is_refusal or azure.layer == "identity":
        return "azure_settings"
    return "litellm" if azure.layer == "litellm" else "azure_network" if azure.is_unreached else "undecidable"


def _directly_only(direct: Seen, at: Mapping[Where, Seen | None], *, is_failing: bool) -> str:
    """LiteLLM has no entry for Azure: the direct call decides."""
    if not direct.works:
        return "undecidable" if direct.layer == "gateway" else "azure_network" if direct.is_unreached else "azure_itself"
    openai, other = at[("openai", "litellm")], at[("openai", "direct")]
    if openai is not None and not openai.works and not openai.is_refusal and (other is None or other.works):
        return "litellm"
    if any(one is not None and not one.works for one in (openai, other)):
        return "openai_settings"
    return "other_route" if is_failing else "litellm_not_configured"
