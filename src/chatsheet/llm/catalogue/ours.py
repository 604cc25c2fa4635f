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
        fix="set input_price and output_price of the route",
        evidence="an answer with usage and no price, or a cost of 0; no call failed",
        entries="S4",
        counts=False,
    ),
    cause(
        "hedge.lost",
        "gateway",
        "nobody",
        fix="nothing to mend: the other route of a hedged call was quicker",
        evidence="llm.hedge is on, and another route had its first content sooner",
        counts=False,
    ),
    cause(
        "caller.left",
        "gateway",
        "nobody",
        fix="nothing to mend: the caller closed the request",
        evidence="the caller went away before the answer was complete",
        helps=False,
        counts=False,
    ),
    cause(
        "unknown",
        "gateway",
        "nobody",
        fix="look at what was seen: GET /api/routes/unnamed",
        evidence="nothing of the above; the evidence is kept",
    ),
)
