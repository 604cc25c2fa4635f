"""What our own settings, limits and accounts cause. Pure."""

from chatsheet.llm.catalogue.cause import cause

CAUSES = (
    cause(
        "settings.variable_not_expanded",
        "settings",
        "you",
        fix='write os.environ/NAME in LiteLLM\'s config and "env:NAME" in ours: neither expands ${NAME}',
        evidence="a value of LiteLLM's config or of chatsheet.toml contains `${`",
        entries="L10 L11",
        permanent=True,
    ),
    cause(
        "settings.api_version_date",
        "settings",
        "you",
        fix='put the api-version in quotes: api_version = "2024-10-21"',
        evidence="the api-version was read as a date, not as text",
        entries="D10",
        permanent=True,
    ),
    cause(
        "route.key_missing",
        "settings",
        "you",
        fix="set the variable or file that the route's key names",
        evidence="the route's key names a variable or file that is not there",
        permanent=True,
    ),
    cause(
        "deadline.exceeded",
        "gateway",
        "nobody",
        fix="raise deadline_s",
        evidence="the request's own deadline ended the search",
        helps=False,
        counts=False,
    ),
    cause(
        "accounting.unpriced",
        "gateway",
        "you",
        fix="name the base model of this deployment, so that its tokens have a price",
        evidence="an answer with usage and no price, or a cost of 0; no call failed",
        entries="S4",
        counts=False,
    ),
    cause(
        "unknown",
        "gateway",
        "nobody",
        fix="look at the evidence",
        evidence="nothing of the above; the evidence is kept",
    ),
)
