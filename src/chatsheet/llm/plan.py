"""Settings turned into routes. Pure."""

from chatsheet.core.settings import AzureRoute, CompatibleRoute, LitellmRoute, LlmSettings, OpenAIRoute, RouteSettings
from chatsheet.llm import capabilities
from chatsheet.llm.capabilities import Caching
from chatsheet.llm.routes import Auth, Identity, Network, Plan, Price, Route


def plan(llm: LlmSettings) -> Plan:
    """Return the routes that settings name, in their order."""
    deadlines = [d for name in llm.routes if (d := llm.route[name].deadline_s) is not None]
    return Plan(tuple(build(llm, name) for name in llm.routes), max([llm.deadline_s, *deadlines]), hedge=llm.hedge)


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
        context_window_tokens=route.context_window_tokens or behind.context_window_tokens,
        network=_network(route),
        price=_price(route) or _price(behind),
        caching=_caching(llm, route),
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
        key_header=route.key_header if isinstance(route, AzureRoute) else "api-key",
        connect_s=llm.connect_s,
        first_content_s=route.first_content_s or llm.first_content_s,
        idle_s=llm.idle_s,
        prompt_budget_tokens=route.prompt_budget_tokens,
        context_window_tokens=route.context_window_tokens,
        network=_network(route),
        identity=_identity(route) if isinstance(route, AzureRoute) else Identity(),
        price=_price(route),
        caching=_caching(llm, route),
    )


def _network(route: RouteSettings) -> Network:
    return Network(
        is_private=route.network == "private",
        allowed=route.private_networks,
        ca_file=route.ca_file,
        dns=route.dns,
        proxy=route.proxy,
        proxy_credentials=route.proxy_credentials,
        no_proxy=route.no_proxy,
    )


def _identity(route: AzureRoute) -> Identity:
    return Identity(
        who=route.identity,
        tenant_id=route.tenant_id,
        client_id=route.client_id,
        client_secret=route.client_secret,
        authority=route.authority,
    )


def _price(route: RouteSettings) -> Price | None:
    if route.input_price is None or route.output_price is None:
        return None
    cached = route.input_price if route.cached_price is None else route.cached_price
    return Price(input=route.input_price, cached=cached, output=route.output_price)


def _caching(llm: LlmSettings, route: RouteSettings) -> Caching:
    """Return what the cache behind a route may be told; through a LiteLLM that we run it is that of the first it serves."""
    if route.caching == "off":
        return capabilities.UNTOLD
    match route:
        case AzureRoute():
            return capabilities.caching(route.deployment) if route.api_version == "v1" else capabilities.UNTOLD
        case OpenAIRoute():
            return capabilities.caching(route.model or llm.model)
        case LitellmRoute(serves=(first, *_)):
            return capabilities.through_litellm(_caching(llm, llm.route[first]))
        case LitellmRoute() | CompatibleRoute():
            return capabilities.UNTOLD
