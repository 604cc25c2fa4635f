"""The list of models: aliases that nobody asks for, providers that LiteLLM cannot tell, addresses of Azure. Pure."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial

from ruamel.yaml.comments import CommentedMap

from chatsheet.core import address_check
from chatsheet.core.settings import AzureRoute
from chatsheet.llm.litellm_document import Value, line_of, mapping, sequence
from chatsheet.llm.litellm_rules.slip import Mend, Slip, Subject, referred, resolved, slip

_UNKNOWN, _MISSING = "litellm.unknown_model", "litellm.credentials_missing"
_OTHER_AZURES = frozenset({"azure_ai", "azure_text"})
_IDENTITY = ("azure_ad_token", "client_id", "azure_username", "tenant_id")


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the list, whole enough to be looked at."""

    index: int
    entry: CommentedMap
    params: CommentedMap
    alias: str
    model: str

    def value(self, name: str) -> Value:
        """Return one of its parameters with its place; a merged one stands where it is written."""
        return Value(self.params, ("model_list", self.index, "litellm_params", name), self.params.get(name))

    def text(self, name: str) -> str:
        """Return one of its parameters as text; empty for anything else."""
        found = self.params.get(name)
        return found if isinstance(found, str) else ""

    @property
    def provider(self) -> str:
        """What stands before the first slash of its model; empty for nothing."""
        named = self.params.get("custom_llm_provider")
        return named if isinstance(named, str) else self.model.partition("/")[0] if "/" in self.model else ""


def look(subject: Subject) -> Iterator[Slip]:
    """Yield what is wrong with the list of models."""
    document = subject.document
    listed = sequence(document.get("model_list"))
    if not listed and "include" not in document:
        fix = "list at least one model under model_list:"
        yield slip("model_list", 0, ("no model is listed", fix), _UNKNOWN)
    found: list[Model] = []
    for index, entry in enumerate(listed):
        model, problem = _read(index, mapping(entry))
        if model is None:
            yield slip(f"model_list[{index}]", line_of(listed, index), problem, "settings.invalid")
        else:
            found.append(model)
    yield from _alias(subject, found)
    yield from _twice(found)
    for model in found:
        yield from _model(subject, model)


def _read(index: int, entry: CommentedMap) -> tuple[Model | None, tuple[str, str]]:
    params, alias = mapping(entry.get("litellm_params")), entry.get("model_name")
    model = params.get("model")
    if not isinstance(alias, str) or not alias:
        return None, ("model_name is missing", "add the alias that callers ask for")
    if not isinstance(model, str) or not model:
        return None, ("litellm_params.model is missing", "add it, such as azure/DEPLOYMENT")
    return Model(index, entry, params, alias, model), ("", "")


def _alias(subject: Subject, models: Sequence[Model]) -> Iterator[Slip]:
    asked = subject.asked_for
    router = mapping(subject.document.get("router_settings"))
    names = [*{model.alias: None for model in models}, *mapping(router.get("model_group_alias"))]
    if asked is None or not models or any(fnmatchcase(asked, name) for name in names) or "include" in subject.document:
        return
    same = [model for model in models if model.model.rpartition("/")[2] == asked]
    near = difflib.get_close_matches(asked, [model.alias for model in models], n=1, cutoff=0.6)
    meant = next(iter(same), None) or next((model for model in models if model.alias in near), None)
    meant = meant or (models[0] if len({model.alias for model in models}) == 1 else None)
    if meant is None:
        says = (f'no alias is "{asked}", which settings ask for', f"add an entry with model_name: {asked}")
        yield slip("model_list", line_of(subject.document, "model_list"), says, _UNKNOWN)
        return
    says = (f'settings ask for "{asked}", and the alias here is "{meant.alias}"', f"write model_name: {asked}")
    key = f"model_list[{meant.index}].model_name"
    yield slip(key, line_of(meant.entry, "model_name"), says, _UNKNOWN, mend=_renamed(models, meant.alias, asked))


def _renamed(models: Sequence[Model], old: str, new: str) -> Mend:
    def mend() -> None:
        for model in models:
            if model.alias == old:
                model.entry["model_name"] = new

    return mend


def _twice(models: Sequence[Model]) -> Iterator[Slip]:
    seen: dict[str, Model] = {}
    for model in models:
        first = seen.setdefault(model.alias, model)
        if first is not model:
            says = (f'"{model.alias}" is also entry {first.index}: LiteLLM answers from either', "give each its own alias")
            key, line = f"model_list[{model.index}].model_name", line_of(model.entry, "model_name")
            yield slip(key, line, says, "settings.invalid", is_warning=True)


def _model(subject: Subject, model: Model) -> Iterator[Slip]:
    place, is_hinted = model.value("model"), _is_hinted(subject, model)
    misspelt = model.provider not in _OTHER_AZURES and _is_like_azure(model.provider)
    if (not model.provider and is_hinted) or misspelt:
        name = model.model.partition("/")[2] if misspelt else model.model
        reason = f'"{model.provider}" is no provider' if misspelt else f'"{model.model}" lacks the provider'
        says = (f"{reason}: LiteLLM drops the model or asks another one", f"write azure/{name}")
        yield slip(place.key, place.line, says, _UNKNOWN, mend=partial(place.write, f"azure/{name}"))
    if model.provider == "azure" or misspelt or (not model.provider and is_hinted):
        yield from _azures(subject, model)
    elif model.provider == "openai" and address_check.is_azures(address_check.host(model.text("api_base"))):
        yield from _openai_on_azure(model)
    for name in (name for name in ("num_retries", "max_retries") if model.params.get(name, 0) not in {0, None}):
        value = model.value(name)
        says = ("LiteLLM retries by itself, on top of our retries", f"write {name}: 0")
        yield slip(value.key, value.line, says, "litellm.cooldown", mend=partial(value.write, 0), is_warning=True)


def _is_like_azure(provider: str) -> bool:
    plain = provider.lower().replace("-", "_")
    known = ("azure", "azure_openai", "azureopenai", "azure_oai")
    return provider != "azure" and bool(provider) and bool(difflib.get_close_matches(plain, known, n=1, cutoff=0.79))


def _is_hinted(subject: Subject, model: Model) -> bool:
    """Tell whether an entry without a provider can only mean Azure."""
    routes = subject.settings.route.values() if subject.settings else ()
    deployments = {route.deployment for route in routes if isinstance(route, AzureRoute)}
    base = resolved(model.params.get("api_base"), subject.environment) or model.text("api_base")
    names = f"{model.text('api_key')} {model.text('api_base')}".upper()
    is_azures = address_check.is_azures(address_check.host(base)) or "AZURE" in names
    is_elsewhere = bool(base) and not is_azures
    return is_azures or "api_version" in model.params or (model.model in deployments and not is_elsewhere)


def _azures(subject: Subject, model: Model) -> Iterator[Slip]:
    environment = subject.environment
    base, key = model.value("api_base"), model.value("api_key")
    for value, variables in ((base, ("AZURE_API_BASE",)), (key, ("AZURE_OPENAI_API_KEY", "AZURE_API_KEY"))):
        is_signed_in = value is key and any(name in model.params for name in _IDENTITY)
        is_set = environment is None or any(environment.get(name) for name in variables)
        if not value.content and not is_set and not is_signed_in and "litellm_credential_name" not in model.params:
            name = value.path[-1]
            says = (f"{name} is missing", f"add {name}: os.environ/{variables[0]}")
            yield slip(value.key, line_of(model.entry, "litellm_params"), says, _MISSING)
    address = resolved(base.content, environment)
    if address is not None and "$" not in address:
        yield from _address(base, address)
    secret = resolved(key.content, environment)
    if secret is not None and secret.startswith("sk-") and address_check.is_azures(address_check.host(address or "")):
        says = ("the key looks like one of OpenAI or LiteLLM: Azure's have no sk- in front", "use a key of this resource")
        yield slip(key.key, key.line, says, "azure.key_shape")


def _address(base: Value, address: str) -> Iterator[Slip]:
    if "/openai/deployments/" in address:  # LiteLLM takes the whole address of a deployment as it is
        return
    if (fault := address_check.of_resource(address)) is None:
        return
    mend: Mend | None = None
    if "/openai" in address and fault.cause == "azure.resource_not_found" and not referred(base.content):
        mend = partial(base.write, address.split("/openai", maxsplit=1)[0].rstrip("/"))
    fix = fault.fix.replace('"', "")
    reason = fault.reason.replace("by the route itself", "by LiteLLM itself")
    yield slip(base.key, base.line, (reason, fix), fault.cause, mend=mend)


def _openai_on_azure(model: Model) -> Iterator[Slip]:
    base = model.value("api_base")
    if "/openai/v1" not in str(base.content):
        name = model.model.partition("/")[2]
        says = (
            "OpenAI's wire format is under /openai/v1 at Azure",
            f"write model: azure/{name}, or end api_base with /openai/v1",
        )
        yield slip(base.key, base.line, says, "azure.resource_not_found")
