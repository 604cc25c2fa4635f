"""Routes as values: where a request goes, under which model name, with which limits. Pure."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from chatsheet.core.secret import Secret
from chatsheet.core.settings import (
    AzureRoute,
    CompatibleRoute,
    LitellmRoute,
    LlmSettings,
    OpenAIRoute,
)

Auth = Literal["api-key", "bearer", "entra", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One way to the model. `url` is the full chat-completions address; `model` what to ask for there."""

    name: str
    kind: Literal["litellm", "azure", "openai", "compatible"]
    url: str
    model: str
    auth: Auth
    key: Secret | None
    connect_s: float
    first_content_s: float
    idle_s: float
    prompt_budget_tokens: int | None
    private: bool = False
    private_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    ca_file: Path | None = None
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The routes in order of preference and the one deadline that covers all attempts."""

    routes: tuple[Route, ...]
    deadline_s: float

    @property
    def prompt_budget_tokens(self) -> int | None:
        """The smallest prompt budget of any route: whichever answers must be able to."""
        budgets = [r.prompt_budget_tokens for r in self.routes if r.prompt_budget_tokens is not None]
        return min(budgets, default=None)


def plan(llm: LlmSettings) -> Plan:
    """Return the routes that settings name, in their order."""
    deadlines = [d for name in llm.routes if (d := llm.route[name].deadline_s) is not None]
    return Plan(tuple(build(llm, name) for name in llm.routes), max([llm.deadline_s, *deadlines]))


def build(llm: LlmSettings, name: str) -> Route:
    """Return one route as a value; `name` must be a route of settings."""
    match llm.route[name]:
        case LitellmRoute() as route:
            return _litellm(llm, name, route)
        case AzureRoute() as route:
            base = route.endpoint.rstrip("/") + "/openai"
            dated = f"{base}/deployments/{route.deployment}/chat/completions?api-version={route.api_version}"
            url = f"{base}/v1/chat/completions" if route.api_version == "v1" else dated
            auth: Auth = "entra" if route.auth == "entra" else "api-key"
            return _upstream(llm, name, route, url=url, model=route.deployment, auth=auth)
        case OpenAIRoute() as route:
            url = _completions(route.base_url)
            return _upstream(llm, name, route, url=url, model=route.model or llm.model, auth="bearer")
        case CompatibleRoute() as route:
            url = _completions(route.base_url)
            auth = "bearer" if route.key else "none"
            return _upstream(llm, name, route, url=url, model=route.model or llm.model, auth=auth)


def _completions(base_url: str) -> str:
    return f"{base_url.rstrip('/')}/chat/completions"


def _litellm(llm: LlmSettings, name: str, route: LitellmRoute) -> Route:
    behind = llm.route[route.serves[0]] if route.serves else route
    return Route(
        name=name,
        kind="litellm",
        url=f"{route.base_url.rstrip('/')}/v1/chat/completions",
        model=route.model or (route.serves[0] if route.serves else llm.model),
        auth="bearer",
        key=route.key,
        connect_s=llm.connect_s,
        first_content_s=route.first_content_s or behind.first_content_s or llm.first_content_s,
        idle_s=llm.idle_s,
        prompt_budget_tokens=route.prompt_budget_tokens or behind.prompt_budget_tokens,
        is_ours=bool(route.serves),
    )


def _upstream(
    llm: LlmSettings, name: str, route: AzureRoute | OpenAIRoute | CompatibleRoute, *, url: str, model: str, auth: Auth
) -> Route:
    return Route(
        name=name,
        kind=route.kind,
        url=url,
        model=model,
        auth=auth,
        key=route.key,
        connect_s=llm.connect_s,
        first_content_s=route.first_content_s or llm.first_content_s,
        idle_s=llm.idle_s,
        prompt_budget_tokens=route.prompt_budget_tokens,
        private=route.network == "private",
        private_networks=route.private_networks,
        ca_file=route.ca_file,
    )
