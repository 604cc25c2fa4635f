"""What /model/info says of an alias, held against what can work and what our settings name. Pure.

A config's addresses and versions are names that its owner chose; keys are never in them.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from chatsheet.core import loose
from chatsheet.core.settings import AzureRoute, LitellmRoute, LlmSettings
from chatsheet.doctor import findings
from chatsheet.doctor.model import Finding, Provider
from chatsheet.llm import litellm_config

_AZURES = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com", ".azure.us", ".azure.cn")
_V1 = frozenset({"v1", "preview", "latest"})
_GA = frozenset({"2022-12-01", "2023-05-15", "2024-02-01", "2024-06-01", "2024-10-21"})
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_PLAIN = re.compile(r"[\w.:/@*+${}-]{1,80}")
_VARIABLE = re.compile(r"\$\{\w{1,60}\}")
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """One deployment behind an alias."""

    alias: str
    model: str
    api_base: str
    api_version: str

    @property
    def prefix(self) -> str:
        """The provider that the model names; empty for none."""
        return self.model.partition("/")[0] if "/" in self.model else ""

    @property
    def host(self) -> str:
        """Where it leads; empty where the address is none."""
        try:
            return urlsplit(self.api_base).hostname or ""
        except ValueError:
            return ""

    @property
    def provider(self) -> Provider:
        """Whose model it is, as far as the entry says."""
        if self.prefix == "azure" or self.host.endswith(_AZURES) or (not self.prefix and self.api_version):
            return "azure"  # also where the prefix is forgotten: nobody else has an api-version
        return "openai" if self.prefix == "openai" else "unknown"


@dataclass(slots=True)
class Seen:
    """What is found in the entries of an alias."""

    broken: list[Finding] = field(default_factory=list[Finding])
    warnings: list[Finding] = field(default_factory=list[Finding])
    evidence: list[str] = field(default_factory=list[str])


def read(said: str, alias: str) -> tuple[Entry, ...] | None:
    """Return the entries of an alias, its own or else the wildcards that cover it; None for what is no config."""
    whole = loose.obj(loose.parse(said))
    if not isinstance(whole.get("data"), list):
        return None
    entries = [_entry(loose.obj(one)) for one in loose.array(whole["data"])]
    own = tuple(entry for entry in entries if entry.alias == alias)
    return own or tuple(entry for entry in entries if "*" in entry.alias and fnmatchcase(alias, entry.alias))


def _entry(one: Mapping[str, object]) -> Entry:
    params = loose.obj(one.get("litellm_params"))
    texts = [loose.text(params.get(name)) for name in ("model", "api_base", "api_version")]
    return Entry(loose.text(one.get("model_name")), *texts)


def unknown(alias: str, served: Sequence[str], route: str, *, is_ours: bool) -> Finding | None:
    """Return what is wrong where an alias is not served; None where it is."""
    if any(alias == name or ("*" in name and fnmatchcase(alias, name)) for name in served):
        return None
    names = [name for name in served if _PLAIN.fullmatch(name)]
    near = difflib.get_close_matches(alias, names, n=1, cutoff=0.5)
    rest = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    listed = f"it serves {', '.join(names[:_MOST_NAMED])}{rest}" if names else "it serves no model at all"
    meant = f"; did you mean {near[0]}?" if near else ""
    dropped = "" if is_ours else "; an entry whose model lacks azure/ is dropped without a word"
    lines = ("chatsheet litellm run",) if is_ours else (f'[llm.route.{route}] model = "{near[0]}"',) if near else ()
    return findings.finding(
        "litellm.unknown_model", f"LiteLLM knows no alias {alias}: {listed}{meant}{dropped}", commands=lines
    )


def check(entries: Sequence[Entry], llm: LlmSettings) -> Seen:
    """Return what is wrong with the entries of somebody else's config; it breaks where no entry is without it."""
    seen = Seen()
    for entry in entries:
        seen.evidence.append(_told(entry))
        seen.broken += _broken(entry)
        seen.warnings += _warnings(entry)
        if entry.provider == "azure":
            seen.evidence += _differences(entry, llm)
    if len(seen.broken) < len(entries):
        seen.warnings, seen.broken = [*seen.broken, *seen.warnings], []
    return seen


def check_ours(entries: Sequence[Entry], alias: str, llm: LlmSettings, route: LitellmRoute) -> Seen:
    """Return what is wrong where the LiteLLM that we run does not lead to our egress."""
    wanted = {loose.text(one.get("model_name")): one for one in _generated(llm, route)}
    params = loose.obj(loose.obj(wanted.get(alias)).get("litellm_params"))
    seen = Seen(evidence=[_told(entry) for entry in entries])
    for entry in entries:
        if entry.api_base != params.get("api_base") or entry.model != params.get("model"):
            what = f"alias {alias} does not lead to our egress: LiteLLM runs with another config than settings generate"
            seen.broken.append(findings.finding("litellm.no_record", what))
    return seen


def _generated(llm: LlmSettings, route: LitellmRoute) -> Iterator[Mapping[str, object]]:
    return (loose.obj(one) for one in loose.array(litellm_config.build(llm, route)["model_list"]))


def _told(entry: Entry) -> str:
    version = f", api-version {_plain(entry.api_version)}" if entry.api_version else ""
    return f"{_plain(entry.model)} at {_plain(entry.host) or 'no address'}{version}"


def _plain(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else "(unreadable)" if text else ""


def _broken(entry: Entry) -> Iterator[Finding]:
    fields = {"api_base": entry.api_base, "api_version": entry.api_version, "model": entry.model}
    for name, value in fields.items():
        if "${" in value:
            names = ", ".join(_VARIABLE.findall(value)) or "${…}"
            what = f"{name} of alias {entry.alias} in LiteLLM's config holds {names}, which stays as it is written"
            yield findings.finding("settings.variable_not_expanded", what)
            return
    if not entry.prefix and (entry.api_base or entry.api_version):
        what = f"model: {_plain(entry.model)} lacks azure/: LiteLLM takes it to OpenAI, or drops it"
        yield findings.finding("litellm.unknown_model", what, commands=(f"model: azure/{_plain(entry.model)}",))


def _warnings(entry: Entry) -> Iterator[Finding]:
    if not entry.prefix and not (entry.api_base or entry.api_version):
        what = f"model: {_plain(entry.model)} names no provider: LiteLLM asks OpenAI; Azure wants azure/ in front"
        yield findings.finding("litellm.unknown_model", what)
    if entry.prefix != "azure":
        return
    path = urlsplit(entry.api_base).path.rstrip("/") if entry.host else ""
    if path.endswith(("/openai", "/openai/v1")) and entry.api_version not in _V1:
        what = f"api_base of alias {entry.alias} ends with {path}: LiteLLM adds /openai itself"
        yield findings.finding("azure.resource_not_found", what, commands=(f"api_base: https://{entry.host}",))
    version = entry.api_version
    if _DATED.fullmatch(version) and not version.endswith("-preview") and version not in _GA:
        what = f"api_version of alias {entry.alias} is {version}: no version of the API has this date, models have such"
        yield findings.finding("azure.api_version", what, commands=('api_version: "2024-10-21"',))


def _differences(entry: Entry, llm: LlmSettings) -> Iterator[str]:
    """Say where an entry is not what our own route to Azure is; either may be meant."""
    ours = [(name, route) for name, route in llm.route.items() if isinstance(route, AzureRoute)]
    hosts = {urlsplit(route.endpoint).hostname or "": name for name, route in ours}
    if not ours or not entry.host:
        return
    if entry.host not in hosts:
        near = difflib.get_close_matches(entry.host, list(hosts), n=1, cutoff=0.8)
        meant = f"; did you mean {near[0]}?" if near else ""
        yield f"leads to {_plain(entry.host)}, while settings name {', '.join(sorted(hosts))}{meant}"
        return
    name, route = next((name, route) for name, route in ours if name == hosts[entry.host])
    deployment = entry.model.partition("/")[2]
    if deployment != route.deployment:
        yield f"deployment {_plain(deployment)}, while route {name} names {route.deployment}"
    if entry.api_version and entry.api_version != route.api_version:
        yield f"api-version {_plain(entry.api_version)}, while route {name} names {route.api_version}"
