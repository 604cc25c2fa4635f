"""The proxy itself: its master key, its database, its own retries and cooldowns, and keys that it does not know. Pure."""

import difflib
from collections.abc import Iterator
from functools import partial

from ruamel.yaml.comments import CommentedMap

from chatsheet.core import key_check
from chatsheet.llm.litellm_document import line_of, mapping, scalars
from chatsheet.llm.litellm_rules.slip import Mend, Slip, Subject, referred, resolved, slip

_TOP = (
    *("agent_list", "agents", "assistant_settings", "callback_settings", "credential_list", "default_vertex_config"),
    *("environment_variables", "files_settings", "finetune_settings", "general_settings", "guardrails", "include"),
    *("litellm_settings", "mcp_aliases", "mcp_servers", "mcp_tools", "model_list", "policies", "policy_attachments"),
    *("prompts", "router_settings", "sandbox_tools", "search_tools", "vector_store_registry", "worker_registry"),
)
"""The keys that LiteLLM 1.106.2 reads at the top of the file."""
_FALLBACKS = ("fallbacks", "default_fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_LOCAL = {"127.0.0.1", "localhost"}
_WEAK, _DATABASE, _COOLDOWN = "litellm.master_key_weak", "litellm.database_url", "litellm.cooldown"


def look(subject: Subject) -> Iterator[Slip]:
    """Yield what is wrong with the proxy's own settings and its environment."""
    yield from _unknown(subject.document)
    yield from _master_key(subject)
    yield from _retries(subject.document)
    yield from _database(subject)
    yield from _proxies(subject)


def _unknown(document: CommentedMap) -> Iterator[Slip]:
    for key in (key for key in map(str, document) if key not in _TOP and not key.startswith("x-")):
        nearest = difflib.get_close_matches(key, _TOP, n=1, cutoff=0.7)
        fix = f'did you mean "{nearest[0]}"?' if nearest else "leave it out, or look for it in LiteLLM's docs"
        yield slip(
            key, line_of(document, key), ("LiteLLM does not read this key", fix), "settings.invalid", is_warning=not nearest
        )


def _master_key(subject: Subject) -> Iterator[Slip]:
    general, key = mapping(subject.document.get("general_settings")), "general_settings.master_key"
    written, line = general.get("master_key"), line_of(general, "master_key") if "master_key" in general else 0
    if written is None:
        named = (subject.environment or {}).get("LITELLM_MASTER_KEY")
        if not named and subject.environment is not None:
            says = ("missing, and LITELLM_MASTER_KEY is not set", "write master_key: os.environ/LITELLM_MASTER_KEY and set it")
            yield slip(key, line, says, _WEAK)
        written = named
    elif isinstance(written, str) and not written.startswith(("os.environ", "$", "env:")):
        says = ("the master key is written out in the file", "write os.environ/LITELLM_MASTER_KEY and set it")
        yield slip(key, line, says, "settings.invalid", is_warning=True)
    elif written is not None and not isinstance(written, str):
        yield slip(key, line, ("not a text", "write os.environ/LITELLM_MASTER_KEY and set it"), _WEAK)
    value = resolved(written, subject.environment)
    if value is not None and "$" not in value[:1] and (weakness := key_check.weakness(value)):
        says = (f"the master key {weakness}", "make one with `openssl rand -hex 24`, with sk- in front")
        yield slip(key, line, says, _WEAK)


def _retries(document: CommentedMap) -> Iterator[Slip]:
    router = mapping(document.get("router_settings"))
    litellm = mapping(document.get("litellm_settings"))
    for name, section in (("router_settings", router), ("litellm_settings", litellm)):
        if section.get("num_retries", 0) != 0:
            says = ("LiteLLM retries by itself, on top of our retries", "write num_retries: 0")
            mend = partial(section.__setitem__, "num_retries", 0)
            yield slip(f"{name}.num_retries", line_of(section, "num_retries"), says, _COOLDOWN, mend=mend, is_warning=True)
        for key in (key for key in _FALLBACKS if section.get(key)):
            says = ("LiteLLM falls back by itself: who answered, and why, is hidden", "leave it out: we fall back")
            yield slip(f"{name}.{key}", line_of(section, key), says, _COOLDOWN, is_warning=True)
    if "num_retries" not in router:
        says = ("left out, LiteLLM retries by itself, on top of our retries", "write num_retries: 0")
        yield slip("router_settings.num_retries", 0, says, _COOLDOWN, mend=_put(document, "num_retries", 0), is_warning=True)
    if router.get("disable_cooldowns") is not True:
        says = ("cooldowns hide the first cause behind `No deployments available`", "write disable_cooldowns: true")
        line = line_of(router, "disable_cooldowns") if "disable_cooldowns" in router else 0
        mend = _put(document, "disable_cooldowns", content=True)
        yield slip("router_settings.disable_cooldowns", line, says, _COOLDOWN, mend=mend, is_warning=True)


def _put(document: CommentedMap, key: str, content: object) -> Mend:
    def mend() -> None:
        section = document.get("router_settings")
        if not isinstance(section, CommentedMap):
            section = document["router_settings"] = CommentedMap()
        section[key] = content

    return mend


def _database(subject: Subject) -> Iterator[Slip]:
    general = mapping(subject.document.get("general_settings"))
    written, stray = general.get("database_url"), (subject.environment or {}).get("DATABASE_URL")
    address = resolved(written, subject.environment)
    if address is not None and "$" not in address[:1] and not address.startswith(("postgres://", "postgresql://")):
        says = ("LiteLLM keeps its tables in Postgres only", "write a postgresql:// address, or leave it out: keys need none")
        yield slip("general_settings.database_url", line_of(general, "database_url"), says, _DATABASE)
    if stray and referred(written) != "DATABASE_URL":
        says = ("it is set for LiteLLM's process, which takes it for its own database", "unset it for LiteLLM's process")
        yield slip("environment.DATABASE_URL", 0, says, _DATABASE)


def _proxies(subject: Subject) -> Iterator[Slip]:
    environment = {name.lower(): value for name, value in (subject.environment or {}).items() if value}
    named = [name for name in _PROXIES if name in environment]
    spared = {part.strip() for part in environment.get("no_proxy", "").split(",")}
    if named and "*" not in spared and not spared >= _LOCAL:
        bases = (value.content for value in scalars(subject.document) if value.name == "api_base")
        is_local = any(f"//{host}" in str(base) for base in bases for host in _LOCAL)
        says = (f"{named[0].upper()} is set and loopback is not excepted", "set NO_PROXY=127.0.0.1,localhost for LiteLLM")
        yield slip("environment.NO_PROXY", 0, says, "litellm.proxied_loopback", is_warning=not is_local)
