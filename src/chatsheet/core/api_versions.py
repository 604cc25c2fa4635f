"""Which api-versions Azure OpenAI takes, and which dates are something else. Pure.

Sources: the folders stable/ and preview/ of AzureOpenAI/inference in github.com/Azure/azure-rest-api-specs, and
learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle; the dates of models are those of their version names.
"""

import difflib
import re

MODEL_DATES = {
    "2024-05-13": "gpt-4o",
    "2024-07-18": "gpt-4o-mini",
    "2024-08-06": "gpt-4o",
    "2024-11-20": "gpt-4o",
    "2024-12-17": "o1",
    "2025-01-31": "o3-mini",
    "2025-04-14": "gpt-4.1",
    "2025-04-16": "o3",
    "2025-08-07": "gpt-5",
    "2025-11-13": "gpt-5.1",
}
"""Model versions that are often written where an api-version belongs (`llm-failures` D3)."""

_GA = ("2022-12-01", "2023-05-15", "2024-02-01", "2024-06-01", "2024-10-21")
_PREVIEW_DATES = (
    *("2022-03-01", "2022-06-01", "2023-03-15", "2023-06-01", "2023-07-01", "2023-08-01", "2023-09-01", "2023-10-01"),
    *("2023-12-01", "2024-02-15", "2024-03-01", "2024-04-01", "2024-05-01", "2024-07-01", "2024-08-01", "2024-09-01"),
    *("2024-10-01", "2024-11-01", "2024-12-01", "2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"),
)
PUBLISHED = (*_GA, *(f"{date}-preview" for date in _PREVIEW_DATES))
"""The dated ones; 2024-11-01-preview is on no list, and is in use."""
_LAST = "2025-04-01"
_FORM = re.compile(r"(20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(-preview)?")


def fault(version: str) -> tuple[str, str] | None:
    """Return reason and fix where `version` is no api-version; what may be newer than this list passes."""
    found = _FORM.fullmatch(version)
    if version == "v1":
        return None
    if found is None:
        return f"{version[:40]!r} is no api-version", 'write "2024-10-21" or "v1"'
    if found[1] in MODEL_DATES and version not in PUBLISHED:
        return f"{version} is the date of the model {MODEL_DATES[found[1]]}, not an api-version", 'write "2024-10-21" or "v1"'
    if version in PUBLISHED or found[1] > _LAST:
        return None
    nearest = difflib.get_close_matches(version, PUBLISHED, n=1, cutoff=0.8)
    return f"Azure has no api-version {version}", f'did you mean "{nearest[0]}"?' if nearest else 'write "2024-10-21" or "v1"'
