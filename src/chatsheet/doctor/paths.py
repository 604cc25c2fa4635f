"""Which ways to which providers settings name: every route directly, and each alias through LiteLLM. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chatsheet.core.settings import AzureRoute, LitellmRoute, LlmSettings, RouteSettings
from chatsheet.doctor.model import Provider, Way
from chatsheet.llm import plan
from chatsheet.llm.routes import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One way to one provider, as settings name it."""

    name: str
    """Such as `azure`, or `litellm → azure`."""
    route: Route
    """Where calls of this path go first; on paths through LiteLLM its model is the alias."""
    settings: RouteSettings
    """The settings of `route`."""
    behind: RouteSettings | None = None
    """Through our own LiteLLM: the settings of the route that it serves under this alias."""
    serves: str = ""
    provider: Provider
    way: Way
    is_in_use: bool
    is_configured: bool = True
    """False where a key that it needs is not set."""


_PROVIDERS: dict[str, Provider] = {"azure": "azure", "openai": "openai", "compatible": "compatible"}


def of(llm: LlmSettings) -> tuple[Path, ...]:
    """Return all paths, those that calls take first and in their order."""
    names = [*llm.routes, *(name for name in llm.route if name not in llm.routes)]
    return tuple(path for name in names for path in _of_route(llm, name))


def _of_route(llm: LlmSettings, name: str) -> Iterator[Path]:
    settings, is_in_use = llm.route[name], name in llm.routes
    if not isinstance(settings, LitellmRoute):
        yield Path(
            name=name,
            route=plan.build(llm, name),
            settings=settings,
            provider=_PROVIDERS[settings.kind],
            way="direct",
            is_in_use=is_in_use,
            is_configured=_has_key(settings),
        )
        return
    first = plan.build(llm, name)
    for alias in settings.serves or (first.model,):
        behind = llm.route[alias] if settings.serves else None
        yield Path(
            name=f"{name} → {alias}",
            route=replace(first, model=alias),
            settings=settings,
            behind=behind,
            serves=alias,
            provider=_PROVIDERS.get(behind.kind, "unknown") if behind is not None else "unknown",
            way="litellm",
            is_in_use=is_in_use and alias == first.model,
            is_configured=_has_key(settings) and (behind is None or _has_key(behind)),
        )


def _has_key(route: RouteSettings) -> bool:
    if route.key is None:
        return not (isinstance(route, AzureRoute) and route.auth == "key")
    return route.key.value is not None
