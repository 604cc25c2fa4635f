"""Writes docs/reference from the code: settings, errors, causes, commands, API; `--check` fails where a file is stale."""

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast, get_args

import click
from fastapi.routing import APIRoute
from pydantic import BaseModel

import chatsheet
from chatsheet.api import app
from chatsheet.cli import main as cli_main
from chatsheet.core import settings
from chatsheet.core.errors import ChatSheetError
from chatsheet.llm import causes

DOCS = Path(__file__).parents[1] / "docs" / "reference"
_NEEDS_EXTRA = {"chatsheet.simulator.brains.llama_server"}
_HEAD = "<!-- Written by tools/gen_reference.py; edits are lost. -->\n"


def main() -> None:
    """Write every page, or compare it."""
    for name, make in {
        "settings": settings_page,
        "errors": errors_page,
        "causes": causes_page,
        "cli": cli_page,
        "api": api_page,
    }.items():
        path, text = DOCS / f"{name}.md", _HEAD + "\n".join(make()) + "\n"
        if "--check" in sys.argv:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                sys.exit(f"{path.name} is stale: run `make types`.")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def settings_page() -> Iterator[str]:
    """Yield the settings by section, with their variables."""
    yield "# Settings\n"
    yield "One file, `chatsheet.toml`, named by `--config` or `CHATSHEET_CONFIG`, else in the working folder. Each key is also"
    yield "an environment variable; lists are comma separated there. Secrets are written as `env:NAME` or `file:PATH` only.\n"
    sections: list[tuple[str, type[BaseModel]]] = [
        ("", settings.Settings),
        ("server", settings.ServerSettings),
        ("llm", settings.LlmSettings),
        ('llm.route.NAME, kind = "litellm"', settings.LitellmRoute),
        ('llm.route.NAME, kind = "azure"', settings.AzureRoute),
        ('llm.route.NAME, kind = "openai"', settings.OpenAIRoute),
        ('llm.route.NAME, kind = "compatible"', settings.CompatibleRoute),
        ("auth", settings.AuthSettings),
        ("auth.oidc", settings.OidcSettings),
        ("database", settings.DatabaseSettings),
        ("cache", settings.CacheSettings),
        ("redis", settings.RedisSettings),
        ("log", settings.LogSettings),
        ("retention", settings.RetentionSettings),
        ("telemetry", settings.TelemetrySettings),
        ("doctor", settings.DoctorSettings),
    ]
    for title, model in sections:
        yield f"## {f'[{title}]' if title else 'Top level'}\n\n{model.__doc__}\n"
        yield "| key | default | what it says | variable |\n| --- | --- | --- | --- |"
        for name, field in model.model_fields.items():
            prefix = title.partition(",")[0].replace(".", "_").upper()
            variable = f"`CHATSHEET_{f'{prefix}_' if prefix else ''}{name.upper()}`"
            default = "required" if field.is_required() else _default(field.get_default(call_default_factory=False))
            is_section = name == "route" or isinstance(field.default, BaseModel)
            yield f"| `{name}` | {default} | {field.description} | {'' if is_section else variable} |"
        yield ""


def _default(value: object) -> str:
    if value is None or value == () or value == {} or isinstance(value, BaseModel):
        return "none"
    return "the user's data folder" if "Undefined" in str(value) else f"`{value}`"


def errors_page() -> Iterator[str]:
    """Yield every error code with its status and meaning."""
    for module in pkgutil.walk_packages(chatsheet.__path__, "chatsheet."):
        if (
            module.name not in _NEEDS_EXTRA
            and ".migrations" not in module.name
            and not module.name.endswith(".db.migrations.env")
        ):
            importlib.import_module(module.name)
    yield "# Errors\n"
    yield "Every error says what happened, why, and what to do. On the terminal: `error[CODE]: what Fix: fix`; exit code 2 for"
    yield 'your input and settings, 1 for another party. Over HTTP: the status below and `{"error": {code, what, fix}}`.\n'
    yield "| code | status | meaning |\n| --- | --- | --- |"
    for kind in sorted({k.code: k for k in _tree(ChatSheetError)}.values(), key=lambda k: k.code):
        yield f"| `{kind.code}` | {kind.status} | {' '.join((kind.__doc__ or '').split(chr(10))[0].split())} |"


def _tree(kind: type[ChatSheetError]) -> Iterator[type[ChatSheetError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)


def causes_page() -> Iterator[str]:
    """Yield the causes that a trail can name, by layer, in the order in which a call meets the layers."""
    yield "# Causes\n"
    yield "Why a call on a route failed, as trails, the doctor and the page name it. Entries such as A1 are those of the"
    yield "failure catalogue that the simulator rehearses; entries that look the same on the wire share a cause. What fits"
    yield "nothing is `unknown`, and its evidence is kept.\n"
    for layer in get_args(causes.Layer):
        yield f"## {layer}\n"
        yield "| code | owner | lasts? | another route helps? | entries | evidence | fix |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        for cause in (c for c in causes.CATALOGUE.values() if c.layer == layer):
            lasts, helps = "yes" if cause.permanent else "no", "yes" if cause.another_route_helps else "no"
            entries, evidence = ", ".join(cause.entries), cause.evidence.replace("|", "\\|")
            cells = (f"`{cause.code}`", cause.owner, lasts, helps, entries, evidence, cause.fix)
            yield f"| {' | '.join(cells)} |"
        yield ""
    uncounted = ", ".join(f"`{c.code}`" for c in causes.CATALOGUE.values() if not c.counts_against_route)
    yield f"These say nothing about the health of a route and open no breaker: {uncounted}."


def cli_page() -> Iterator[str]:
    """Yield every command's own help."""
    yield "# Commands\n"
    root = cli_main.cli
    context = click.Context(root, info_name="chatsheet", max_content_width=100, terminal_width=100)
    yield from _help(root, context)


def _help(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## `{context.command_path}`\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _help(
                    child, click.Context(child, info_name=name, parent=context, max_content_width=100, terminal_width=100)
                )


def api_page() -> Iterator[str]:
    """Yield every route of the API."""
    yield "# HTTP API\n"
    yield "On loopback. The page's cookie or `Authorization: Bearer TOKEN` opens `/api` and `/metrics`; `/v1` takes the token"
    yield "only. Bodies are `application/json`, an upload `application/octet-stream`. The schema is at `/api/openapi.json`.\n"
    yield "| method | path | what it does |\n| --- | --- | --- |"
    for module in app.ROUTES:
        for route in cast("list[object]", module.router.routes):
            if isinstance(route, APIRoute):
                about = (route.description or "").split("\n")[0]
                yield f"| {', '.join(sorted(route.methods))} | `{route.path}` | {about} |"


if __name__ == "__main__":
    main()
