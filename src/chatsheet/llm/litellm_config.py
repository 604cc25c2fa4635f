"""LiteLLM's config, generated from our settings, so that alias, address and key name cannot disagree. Pure.

Every model behind LiteLLM is our egress, under a neutral name: LiteLLM changes requests for model names it knows (1.106.2
drops `stream` for o1, sends gpt-5.4 with tools to another API), and the egress puts the deployment in.
"""

from chatsheet.core.loose import JsonObject
from chatsheet.core.settings import AzureRoute, LitellmRoute, LlmSettings

NEUTRAL_MODEL = "chatsheet-route"
EGRESS_KEY = "CHATSHEET_EGRESS_KEY"
MASTER_KEY = "LITELLM_MASTER_KEY"


def build(llm: LlmSettings, route: LitellmRoute) -> JsonObject:
    """Return the config as a value: one alias per served route, no retries, no fallbacks, no cooldowns."""
    egress = f"http://127.0.0.1:{route.egress_port}/egress"
    return {
        "model_list": [{"model_name": name, "litellm_params": _params(llm, name, f"{egress}/{name}")} for name in route.serves],
        "litellm_settings": {"num_retries": 0},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": f"os.environ/{MASTER_KEY}"},
    }


def _params(llm: LlmSettings, name: str, base: str) -> JsonObject:
    shared: JsonObject = {
        "api_key": f"os.environ/{EGRESS_KEY}",
        "max_retries": 0,
        "timeout": llm.deadline_s,
        # 1.106.2 refuses or drops these for model names it does not know
        "allowed_openai_params": ["reasoning_effort", "verbosity", "user"],
    }
    target = llm.route[name]
    if isinstance(target, AzureRoute):
        return {"model": f"azure/{NEUTRAL_MODEL}", "api_base": base, "api_version": target.api_version, **shared}
    return {"model": f"openai/{NEUTRAL_MODEL}", "api_base": f"{base}/v1", **shared}


def environment(*, master_key: str, egress_key: str) -> dict[str, str]:
    """Return what LiteLLM's process may know: its two loopback keys and the switches that keep it offline and quiet."""
    return {
        MASTER_KEY: master_key,
        EGRESS_KEY: egress_key,
        "LITELLM_MODE": "PRODUCTION",  # without it the proxy reads .env files
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
        "LITELLM_LOCAL_BLOG_POSTS": "True",
        "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
        "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
        "LITELLM_DISABLE_LATEST_RELEASE_CHECK": "True",
        "LITELLM_TELEMETRY_DISABLED": "true",
        "LITELLM_OFFLINE_MODE": "true",
        "LITELLM_DONT_SHOW_FEEDBACK_BOX": "true",
        "REPEATED_STREAMING_CHUNK_LIMIT": "1000000000",  # at its default of 100 it breaks off a column of zeros
        "LITELLM_LOG": "CRITICAL",  # at its default it writes every provider message to stderr
        "DISABLE_ADMIN_UI": "True",
        "NO_DOCS": "True",
        "NO_REDOC": "True",
        "NO_OPENAPI": "True",
        "NO_PROXY": "*",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def log_config() -> JsonObject:
    """Return the logging config of its web server: errors to stderr, no access log."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}},
        "loggers": {
            "uvicorn": {"level": "ERROR", "handlers": ["stderr"], "propagate": False},
            "uvicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
            "uvicorn.error": {"level": "ERROR", "handlers": ["stderr"], "propagate": False},
        },
    }
