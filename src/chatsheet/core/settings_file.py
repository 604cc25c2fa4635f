"""Settings read once, at the edge, from `chatsheet.toml` and `CHATSHEET_…` variables, and checked.

Every problem stops the start with its name, the reason and the fix: an unknown key with the nearest right spelling,
`${VAR}` (nobody expands it here), an unset variable, `/openai` in an endpoint, a model's date as api-version.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import cast, get_args

from pydantic import BaseModel, ValidationError

from chatsheet.core import api_versions, loose
from chatsheet.core.errors import BadInput
from chatsheet.core.settings import (
    AuthSettings,
    CacheSettings,
    DatabaseSettings,
    DoctorSettings,
    FilesSettings,
    LlmSettings,
    LogSettings,
    OidcSettings,
    RedisSettings,
    RetentionSettings,
    RouteSettings,
    ServerSettings,
    Settings,
    TelemetrySettings,
)
from chatsheet.core.settings_check import Problem, check

_SECRETS = frozenset({"key", "token", "client_secret", "proxy_credentials", "url"})
_LISTS = frozenset({"serves", "private_networks", "dns", "no_proxy"})
_OTHER_VARIABLES = ("config", "data", "token", "simulator")
_CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


class SettingsInvalid(BadInput):
    """The settings stop the start; all problems are named at once."""

    code = "settings.invalid"

    def __init__(self, source: str, problems: list[Problem]) -> None:
        if len(problems) == 1:
            only = problems[0]
            super().__init__(
                f"{source}: {only.key}: {only.reason}.", fix=only.fix if only.fix.endswith("?") else f"{only.fix}."
            )
        else:
            lines = "; ".join(f"{p.key}: {p.reason} ({p.fix})" for p in problems)
            super().__init__(f"{source} has {len(problems)} problems: {lines}.", fix="correct each of them.")
        self.problems = problems


def load(path: Path | None = None, *, overrides: Mapping[str, object] | None = None, may_lack_keys: bool = False) -> Settings:
    """Read settings from `path`, else CHATSHEET_CONFIG, else ./chatsheet.toml where it is, and from the environment.

    `overrides` are command-line values by dotted key; they win over both. With
    `may_lack_keys` a route whose key is not set is no problem: whoever asks leaves it out. Raises SettingsInvalid.
    """
    path = path_of(path)
    source = str(path) if path else "settings"
    raw: dict[str, object] = _read(path) if path else {}
    for key, value in [*_from_environment(os.environ), *(overrides or {}).items()]:
        _put(raw, key.split("."), value)
    problems = [*_lint(raw, ""), *_unknown_keys(raw)]
    if problems:
        raise SettingsInvalid(source, problems)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise SettingsInvalid(source, [_problem_of(dict(e)) for e in error.errors()]) from None
    if problems := [found for found in check(settings) if not (may_lack_keys and _is_unset_key(found))]:
        raise SettingsInvalid(source, problems)
    if problems := [*_check_capture(os.environ)]:
        raise SettingsInvalid("environment", problems)
    return settings


def _is_unset_key(problem: Problem) -> bool:
    return problem.cause == "route.key_missing" and problem.key.startswith("llm.route.") and problem.key.endswith(".key")


def path_of(path: Path | None) -> Path | None:
    """Return the settings file: the one named, else CHATSHEET_CONFIG, else ./chatsheet.toml where it is."""
    if path is None and (named := os.environ.get("CHATSHEET_CONFIG")):
        return Path(named)
    here = Path("chatsheet.toml")
    return path or (here if here.exists() else None)


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = f"cannot be read: {error.strerror or type(error).__name__}"
        raise SettingsInvalid(str(path), [Problem("file", reason, "check the path given by --config")]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problem = Problem("file", f"not valid TOML: {error}", "correct that line")
        raise SettingsInvalid(str(path), [problem]) from None


def _put(raw: dict[str, object], path: list[str], value: object) -> None:
    for name in path[:-1]:
        child = raw.setdefault(name, {})
        if not isinstance(child, dict):
            return  # the schema reports the wrong shape
        raw = cast("dict[str, object]", child)
    raw[path[-1]] = value


def _sections() -> dict[str, type[BaseModel]]:
    return {
        "server": ServerSettings,
        "llm": LlmSettings,
        "auth.oidc": OidcSettings,  # before auth, whose variables begin as its own do
        "auth": AuthSettings,
        "database": DatabaseSettings,
        "files": FilesSettings,
        "cache": CacheSettings,
        "log": LogSettings,
        "retention": RetentionSettings,
        "redis": RedisSettings,
        "telemetry": TelemetrySettings,
        "doctor": DoctorSettings,
    }


def _route_kinds() -> dict[str, type[BaseModel]]:
    models = cast("tuple[type[BaseModel], ...]", get_args(RouteSettings))
    return {cast("str", get_args(model.model_fields["kind"].annotation)[0]): model for model in models}


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    """Yield (dotted key, value) for each CHATSHEET_ variable that names a setting; lists are comma separated."""
    for name, value in environment.items():
        rest = name.removeprefix("CHATSHEET_").lower()
        if rest == name.lower():
            continue
        if rest == "data":
            yield "data", value
        elif rest.startswith("llm_route_"):
            yield _route_setting(name, rest.removeprefix("llm_route_"), value)
        else:
            _require_section(name, rest)
            for section, model in _sections().items():
                start = f"{section.replace('.', '_')}_"
                if rest.startswith(start):
                    field = rest.removeprefix(start)
                    _require_known(name, field, set(model.model_fields) - {"route", "oidc"})
                    yield f"{section}.{field}", _listed(model, field, value)
                    break


def _require_section(variable: str, rest: str) -> None:
    """Refuse a variable whose section is misspelt; other CHATSHEET_ variables may be secrets that settings name."""
    first = rest.partition("_")[0]
    if first not in _sections() and not rest.startswith(_OTHER_VARIABLES):
        nearest = difflib.get_close_matches(first, _sections(), n=1, cutoff=0.6)
        if nearest:
            fix = f'did you mean "CHATSHEET_{nearest[0].upper()}_…"?'
            raise SettingsInvalid("environment", [Problem(variable, "names no setting", fix)])


def _route_setting(variable: str, tail: str, value: str) -> tuple[str, object]:
    fields = sorted({f for m in _route_kinds().values() for f in m.model_fields}, key=len, reverse=True)
    found = next((f for f in fields if tail.endswith(f"_{f}")), None)
    if found is None:
        _require_known(variable, tail.rpartition("_")[2], set(fields))
        found = ""
    listed = value.split(",") if found in _LISTS else value
    return f"llm.route.{tail.removesuffix(f'_{found}')}.{found}", listed


def _require_known(variable: str, field: str, known: set[str]) -> None:
    if field not in known:
        nearest = difflib.get_close_matches(field, known, n=1, cutoff=0.4)
        fix = f'did you mean "{nearest[0].upper()}" at its end?' if nearest else f"use one of {', '.join(sorted(known))}"
        raise SettingsInvalid("environment", [Problem(variable, "names no setting", fix)])


def _listed(model: type[BaseModel], field: str, value: str) -> object:
    annotation = str(model.model_fields[field].annotation)
    if annotation.startswith("dict"):
        pairs = (part.partition("=") for part in value.split(",") if part.strip())
        return {name.strip(): text.strip() for name, _, text in pairs}
    return [part.strip() for part in value.split(",")] if annotation.startswith("tuple") else value


def _lint(value: object, key: str) -> Iterator[Problem]:
    """Yield what is wrong with single values, whatever the schema says of them."""
    if isinstance(value, dict):
        for name, child in cast("dict[str, object]", value).items():
            yield from _lint(child, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for child in cast("list[object]", value):
            yield from _lint(child, key)
    elif isinstance(value, date):
        cause = "settings.api_version_date" if key.endswith(".api_version") else "settings.invalid"
        yield Problem(key, f"{value} is a TOML date, not a text", f'write it in quotes: "{value}"', cause)
    elif isinstance(value, str):
        yield from _lint_text(value, key)


def _lint_text(value: str, key: str) -> Iterator[Problem]:
    is_secret = key.rpartition(".")[2] in _SECRETS or ".otlp_headers." in key
    if braces := re.search(r"\$\{?(\w+)\}?|^os\.environ/(\w+)", value):
        name = braces[1] or braces[2]
        is_reference = re.fullmatch(r"\$\{?\w+\}?|os\.environ/\w+", value) is not None
        if is_reference or not is_secret:  # a literal secret must not be repeated here
            reason = f"{braces[0]} is not expanded and would be sent as it stands"
            fix = f'write "env:{name}"' if is_secret else f"write the value itself, or set it by {_variable_of(key)}"
            yield Problem(key, reason, fix, "settings.variable_not_expanded")
    elif value.startswith(("env:", "file:")) and not is_secret:
        fix = f"write the value itself, or set it by {_variable_of(key)}"
        yield Problem(key, "only secrets are references", fix, "settings.variable_not_expanded")
    elif key.endswith(".api_version") and (fault := api_versions.fault(value)):
        yield Problem(key, *fault, "azure.api_version")


def _variable_of(key: str) -> str:
    return f"CHATSHEET_{key.replace('.', '_').upper()}"


def _unknown_keys(raw: Mapping[str, object]) -> Iterator[Problem]:
    yield from _unknown(raw, "", set(Settings.model_fields))
    for name, model in _sections().items():
        section, _, inner = name.partition(".")
        found = loose.obj(raw.get(section)).get(inner) if inner else raw.get(section)
        yield from _unknown(found, name, set(model.model_fields))
    llm = raw.get("llm")
    routes = loose.obj(loose.obj(llm).get("route"))
    kinds = _route_kinds()
    for name, route in routes.items():
        kind = loose.obj(route).get("kind")
        key = f"llm.route.{name}"
        if isinstance(kind, str) and kind in kinds:
            yield from _unknown(route, key, set(kinds[kind].model_fields))
        else:
            reason = "missing" if kind is None else f"unknown kind {kind!r}"
            nearest = difflib.get_close_matches(str(kind or name), kinds, n=1, cutoff=0.4) or sorted(kinds)
            yield Problem(f"{key}.kind", reason, f'write kind = "{nearest[0]}"')


def _unknown(section: object, prefix: str, known: set[str]) -> Iterator[Problem]:
    if not isinstance(section, Mapping):
        return
    for name in cast("Mapping[str, object]", section):
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            fix = f'did you mean "{nearest[0]}"?' if nearest else f"known here: {', '.join(sorted(known))}"
            yield Problem(f"{prefix}.{name}" if prefix else name, "unknown key", fix)


def _problem_of(error: dict[str, object]) -> Problem:
    location = list(cast("tuple[object, ...]", error["loc"]))
    if location[:2] == ["llm", "route"]:
        del location[3:4]  # pydantic names the kind here, which no file does
    key = ".".join(map(str, location))
    message = str(error["msg"]).removeprefix("Value error, ")
    fix = "add it" if error["type"] == "missing" else "see docs/reference/settings.md"
    return Problem(key, message, fix)


def _check_capture(environment: Mapping[str, str]) -> Iterator[Problem]:
    """Refuse the switch by which instrumentation of others in this process would put prompts and answers into spans."""
    if environment.get(_CAPTURE, "").strip().lower() not in {"", "0", "off", "no", "false", "no_content"}:
        yield Problem(_CAPTURE, "would put prompts and answers into spans", "unset it")
