"""A hand-written litellm.config.yaml: each entry of the failure catalogue is named before LiteLLM reads it."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsheet.core.problem import Problem
from chatsheet.core.settings import AzureRoute, LlmSettings
from chatsheet.llm import litellm_lint
from chatsheet.llm.causes import CATALOGUE

ENVIRONMENT = {
    "LITELLM_MASTER_KEY": "sk-0a9s8d7f6g5h4j3k2l",
    "AZURE_OPENAI_API_KEY": "0123456789abcdef0123456789abcdef",
    "RESOURCE": "https://myresource.openai.azure.com",
}
GOOD = """\
# the proxy of the team
model_list:
  - model_name: gpt-4o            # what everybody asks for
    litellm_params:
      model: azure/gpt-4o
      api_base: https://myresource.openai.azure.com
      api_version: "2024-10-21"
      api_key: os.environ/AZURE_OPENAI_API_KEY
router_settings:
  num_retries: 0
  disable_cooldowns: true
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
"""
STORY = """\
# our proxy, written by hand
model_list:
  - model_name: gpt-4            # the alias
    litellm_params:
      model: gpt-4o
      api_base: https://myresource.openai.azure.com
      api_version: "2024-10-21"
      api_key: ${AZURE_OPENAI_API_KEY}

general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY  # not in the file
"""
RETRIES = "router_settings:\n  num_retries: 0\n  disable_cooldowns: true\n"


def lint(
    text: str,
    environment: Mapping[str, str] | None = ENVIRONMENT,
    asked_for: str | None = "gpt-4o",
    settings: LlmSettings | None = None,
) -> tuple[Problem, ...]:
    """Lint as the proxy's owner would, asked for gpt-4o."""
    return litellm_lint.lint(text, environment=environment, asked_for=asked_for, settings=settings)


def corrected(text: str, settings: LlmSettings | None = None) -> str:
    """Correct it the same way."""
    return litellm_lint.corrected(text, environment=ENVIRONMENT, asked_for="gpt-4o", settings=settings)


def errors(text: str) -> list[tuple[str, str]]:
    """Return keys and causes of what calls fail with."""
    return [(found.key, found.cause) for found in lint(text) if not found.is_warning]


def test_a_good_file_has_no_problem_and_stays_as_it_is() -> None:
    assert lint(GOOD) == ()
    assert corrected(GOOD) == GOOD


def test_the_story_of_the_strategy_comes_out_with_its_three_causes() -> None:
    assert errors(STORY) == [
        ("model_list[0].model_name", "litellm.unknown_model"),
        ("model_list[0].litellm_params.model", "litellm.unknown_model"),
        ("model_list[0].litellm_params.api_key", "settings.variable_not_expanded"),
    ]
    assert [found.reason.split(":")[0] for found in lint(STORY) if not found.is_warning] == ["line 3", "line 5", "line 8"]


def test_the_story_is_corrected_with_comments_and_order_kept() -> None:
    mended = corrected(STORY)
    assert lint(mended) == ()
    kept = STORY.replace("gpt-4 ", "gpt-4o").replace("model: gpt-4o", "model: azure/gpt-4o")
    kept = kept.replace("${AZURE_OPENAI_API_KEY}", "os.environ/AZURE_OPENAI_API_KEY")
    assert mended == kept + RETRIES


BASE, VERSION, KEY = (
    "api_base: https://myresource.openai.azure.com",
    'api_version: "2024-10-21"',
    "os.environ/AZURE_OPENAI_API_KEY",
)
PARAMS = "model_list[0].litellm_params"


@pytest.mark.parametrize(
    ("entry", "old", "new", "key", "cause", "is_certain"),
    [
        ("L7", "model_name: gpt-4o", "model_name: team-gpt", "model_list[0].model_name", "litellm.unknown_model", True),
        ("L8", "azure/gpt-4o", "gpt-4o", f"{PARAMS}.model", "litellm.unknown_model", True),
        ("L8", "azure/gpt-4o", "azure_openai/gpt-4o", f"{PARAMS}.model", "litellm.unknown_model", True),
        ("L10", BASE, "api_base: ${RESOURCE}", f"{PARAMS}.api_base", "settings.variable_not_expanded", True),
        ("L10", BASE, 'api_base: "https://${X}.y"', f"{PARAMS}.api_base", "settings.variable_not_expanded", False),
        ("L11", KEY, "$AZURE_OPENAI_API_KEY", f"{PARAMS}.api_key", "settings.variable_not_expanded", True),
        ("L11", KEY, "env:AZURE_OPENAI_API_KEY", f"{PARAMS}.api_key", "settings.variable_not_expanded", True),
        ("L11", KEY, "os.environ['AZURE']", f"{PARAMS}.api_key", "settings.variable_not_expanded", False),
        ("L12", KEY, "os.environ/NOT_SET", f"{PARAMS}.api_key", "litellm.credentials_missing", False),
        ("L13", f"      {BASE}\n", "", f"{PARAMS}.api_base", "litellm.credentials_missing", False),
        ("L13", BASE, "api_base: os.environ/NOT_SET", f"{PARAMS}.api_base", "litellm.credentials_missing", False),
        (
            "L14",
            "  master_key",
            "  database_url: sqlite:///a.db\n  master_key",
            "general_settings.database_url",
            "litellm.database_url",
            False,
        ),
        ("D2", BASE, f"{BASE}/openai", f"{PARAMS}.api_base", "azure.resource_not_found", True),
        ("D2", BASE, f"{BASE}/openai/v1/", f"{PARAMS}.api_base", "azure.resource_not_found", True),
        ("D3", VERSION, 'api_version: "2024-08-06"', f"{PARAMS}.api_version", "azure.api_version", False),
        ("D3", VERSION, 'api_version: "2024-10-22"', f"{PARAMS}.api_version", "azure.api_version", False),
        ("D10", VERSION, "api_version: 2024-10-21", f"{PARAMS}.api_version", "settings.api_version_date", True),
        (
            "N3",
            "myresource.openai.azure.com",
            "eastus.api.cognitive.microsoft.com",
            f"{PARAMS}.api_base",
            "azure.regional_endpoint",
            False,
        ),
        (
            "N7",
            "myresource.openai",
            "myresource.privatelink.openai",
            f"{PARAMS}.api_base",
            "tls.hostname_mismatch",
            False,
        ),
        (
            "weak",
            "os.environ/LITELLM_MASTER_KEY",
            "sk-1234",
            "general_settings.master_key",
            "litellm.master_key_weak",
            False,
        ),
        ("shape", KEY, "sk-proj-CANARY0123456789", f"{PARAMS}.api_key", "azure.key_shape", False),
        ("shape", KEY, "'\"CANARY0123456789\"'", f"{PARAMS}.api_key", "azure.key_shape", False),
        ("spelling", "router_settings", "routr_settings", "routr_settings", "settings.invalid", False),
        ("provider", "azure/gpt-4o", "openai/gpt-4o", f"{PARAMS}.api_base", "azure.resource_not_found", False),
        ("shape of file", "litellm_params:", "params:", "model_list[0]", "settings.invalid", False),
    ],
)
def test_each_entry_is_named_and_put_right_where_that_is_certain(
    entry: str, old: str, new: str, key: str, cause: str, *, is_certain: bool
) -> None:
    text = GOOD.replace(old, new)
    assert errors(text) == [(key, cause)], entry
    assert cause in CATALOGUE
    assert "CANARY" not in f"{lint(text)}"
    assert errors(corrected(text)) == ([] if is_certain else errors(text))


def test_l14_a_stray_database_url_in_the_environment_is_named() -> None:
    found = lint(GOOD, {**ENVIRONMENT, "DATABASE_URL": "postgresql://CANARY"})
    assert [(one.key, one.cause) for one in found] == [("environment.DATABASE_URL", "litellm.database_url")]
    assert "CANARY" not in f"{found}"
    wanted = GOOD.replace("  master_key", "  database_url: os.environ/DATABASE_URL\n  master_key")
    assert lint(wanted, {**ENVIRONMENT, "DATABASE_URL": "postgresql://CANARY"}) == ()


@pytest.mark.parametrize(("base", "is_warning"), [("https://myresource.openai.azure.com", True), ("http://127.0.0.1:1", False)])
def test_l16_proxy_variables_must_except_loopback(base: str, is_warning: bool) -> None:  # noqa: FBT001  a row of the table
    text = GOOD.replace("https://myresource.openai.azure.com", base)
    found = lint(text, {**ENVIRONMENT, "https_proxy": "http://proxy:3128"})
    assert [(one.cause, one.is_warning) for one in found] == [("litellm.proxied_loopback", is_warning)]
    assert lint(text, {**ENVIRONMENT, "HTTPS_PROXY": "http://proxy:3128", "no_proxy": "localhost, 127.0.0.1"}) == ()


def test_l9_retries_fallbacks_and_cooldowns_are_warnings() -> None:
    text = GOOD.replace(RETRIES, "router_settings:\n  num_retries: 3\n  fallbacks: [{gpt-4o: [other]}]\n")
    text = text.replace("azure/gpt-4o\n", "azure/gpt-4o\n      max_retries: 2\n")
    found = lint(text)
    assert {(one.cause, one.is_warning) for one in found} == {("litellm.cooldown", True)}
    assert [one.key.rpartition(".")[2] for one in found] == ["max_retries", "num_retries", "fallbacks", "disable_cooldowns"]
    assert [one.key.rpartition(".")[2] for one in lint(corrected(text))] == ["fallbacks"]


def test_a_missing_master_key_is_named_unless_the_environment_has_it() -> None:
    text = GOOD.replace("general_settings:\n  master_key: os.environ/LITELLM_MASTER_KEY\n", "")
    assert lint(text) == ()
    found = lint(text, {"AZURE_OPENAI_API_KEY": "x" * 32})
    assert [one.cause for one in found] == ["litellm.master_key_weak"]
    assert lint(text, {**ENVIRONMENT, "LITELLM_MASTER_KEY": "sk-1234"})[0].cause == "litellm.master_key_weak"


def test_keys_written_out_are_warnings_and_never_repeated() -> None:
    text = GOOD.replace(KEY, "CANARY0123456789").replace("os.environ/LITELLM_MASTER_KEY", "sk-CANARY-0a9s8d7f6g")
    found = lint(text)
    assert [(one.key.rpartition(".")[2], one.is_warning) for one in found] == [("api_key", True), ("master_key", True)]
    assert "CANARY" not in f"{found}"


def test_a_key_put_behind_os_environ_is_not_repeated() -> None:
    assert "canary" not in f"{lint(GOOD.replace(KEY, 'os.environ/canary0123456789'))}"
    assert "canary" not in f"{lint(GOOD.replace(KEY, '${canary0123456789}'))}"


def test_two_entries_with_one_alias_are_a_warning() -> None:
    entry = GOOD.split("model_list:\n")[1].split("router_settings", maxsplit=1)[0]
    found = lint(GOOD.replace(entry, entry + entry))
    assert [(one.key, one.is_warning) for one in found] == [("model_list[1].model_name", True)]


def test_l7_names_the_nearest_alias_of_several_or_leaves_it() -> None:
    other = "  - model_name: embeddings\n    litellm_params: {model: ollama/nomic}\n"
    text = GOOD.replace("router_settings", f"{other}router_settings")
    near = lint(text, asked_for="gpt-4")
    assert [(one.key, one.cause) for one in near] == [("model_list[0].model_name", "litellm.unknown_model")]
    far = lint(text, asked_for="something-else")
    assert [(one.key, one.cause) for one in far] == [("model_list", "litellm.unknown_model")]


@pytest.mark.parametrize("alias", ['"*"', '"gpt-*"'])
def test_wildcards_serve_what_fits_them(alias: str) -> None:
    assert lint(GOOD.replace("model_name: gpt-4o", f"model_name: {alias}")) == ()


def test_l8_a_deployment_of_our_settings_is_recognised_without_other_signs() -> None:
    route = AzureRoute(kind="azure", endpoint="https://r.openai.azure.com", deployment="our-gpt")
    text = (
        GOOD.replace("azure/gpt-4o", "our-gpt").replace(f"      {BASE}\n      {VERSION}\n", "").replace(KEY, "os.environ/KEY")
    )
    environment = {**ENVIRONMENT, "KEY": "x" * 32, "AZURE_API_BASE": "https://r.openai.azure.com"}
    assert lint(text, environment) == ()
    found = lint(text, environment, settings=LlmSettings(route={"azure": route}))
    assert [(one.key, one.cause) for one in found] == [(f"{PARAMS}.model", "litellm.unknown_model")]


def test_an_unknown_environment_says_nothing_of_variables() -> None:
    assert lint(GOOD.replace(KEY, "os.environ/NOT_SET"), None) == ()


def test_what_the_file_itself_sets_counts_as_set() -> None:
    text = f"environment_variables:\n  NOT_SET: abc\n{GOOD.replace(KEY, 'os.environ/NOT_SET')}"
    assert errors(text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("model_list: [1,\nx: CANARY", "not valid YAML"),
        ("a: CANARY\na: CANARY", "line 2: the same key stands twice"),
        ("\tCANARY: 1", "line 1: not valid YAML"),
        ("a: *CANARY", "not valid YAML"),
        ("a: 2024-13-45", "not valid YAML"),
        ("- CANARY", "no mapping"),
        ("CANARY", "no mapping"),
        ("", "no mapping"),
    ],
)
def test_what_is_no_yaml_is_named_by_its_line_and_not_repeated(text: str, says: str) -> None:
    (found,) = lint(text)
    assert (found.key, found.cause) == ("file", "settings.invalid")
    assert says in found.reason
    assert "CANARY" not in f"{found}"
    assert corrected(text) == text


def test_merge_keys_are_read_and_their_source_is_put_right() -> None:
    text = GOOD.replace("      api_key: ", "      <<: *shared\n      #")
    text = "x-shared: &shared\n  api_key: ${AZURE_OPENAI_API_KEY}\n" + text
    assert errors(text) == [("x-shared.api_key", "settings.variable_not_expanded")]
    assert errors(corrected(text)) == []


def test_a_document_that_holds_itself_is_read_to_its_end() -> None:
    assert lint("model_list: &a\n  - *a\n") != ()
    assert lint("a: &a\n  b: *a\n") != ()


@given(st.text(alphabet=" \n:-[]{}&*!|>'\"#%@`,?abc${}0123456789/.\t", max_size=60))
def test_any_text_is_linted_without_an_error(text: str) -> None:
    lint(text)
    corrected(text)


@given(st.sampled_from(STORY.splitlines()), st.sampled_from(["", "  ", "null", "[]", "{}", "1", "true", "a: b"]))
def test_a_file_with_any_line_replaced_is_linted_without_an_error(line: str, other: str) -> None:
    head, _, tail = line.partition(":")
    text = STORY.replace(line, f"{head}: {other}" if tail else other)
    lint(text)
    lint(corrected(text))
