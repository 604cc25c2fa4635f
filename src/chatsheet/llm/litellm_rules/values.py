"""Single values, wherever they stand: references that nobody expands or that lead nowhere, keys written out, dates. Pure."""

import re
from collections.abc import Iterator
from datetime import date
from functools import partial

from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from chatsheet.core import api_versions, key_check
from chatsheet.llm.litellm_document import Value, scalars
from chatsheet.llm.litellm_rules.slip import REFERENCE, Slip, Subject, referred, slip, variable

_KEYS = ("key", "token", "secret", "password")
_NO_KEYS = frozenset({"", "none", "null", "empty", "dummy", "fake", "not-needed", "no-key-required", "anything"})
_OTHER_VERSIONS = frozenset({"latest", "preview"})
"""Words that LiteLLM takes for v1."""
_NOT_EXPANDED = "settings.variable_not_expanded"


def look(subject: Subject) -> Iterator[Slip]:
    """Yield what is wrong with single values."""
    for value in scalars(subject.document):
        if value.name == "api_version":
            yield from _version(value)
        if isinstance(value.content, str):
            yield from _expansion(value, value.content)
            yield from _reference(subject, value)
            yield from _written_out(value, value.content)


def _expansion(value: Value, text: str) -> Iterator[Slip]:
    whole = re.fullmatch(r"\$\{(\w+)\}|\$([A-Z_][A-Z0-9_]*)", text)
    part = whole or re.search(r"\$\{(\w+)(?::?-[^}]*)?\}", text)
    if part is None:
        return
    name = part[1] or part[2]
    shown = f"${{{name}}}" if name.isupper() else "a ${…}"
    if whole is not None:
        says = (f"{shown} is not expanded and would be sent as it stands", f"write {REFERENCE}{variable(name)}")
        mend = partial(value.write, f"{REFERENCE}{name}")
        yield slip(value.key, value.line, says, _NOT_EXPANDED, mend=mend)
        return
    says = (f"{shown} inside a value is not expanded", "put the whole value into a variable and write os.environ/NAME")
    yield slip(value.key, value.line, says, _NOT_EXPANDED)


def _reference(subject: Subject, value: Value) -> Iterator[Slip]:
    name = referred(value.content)
    if name and subject.environment is not None and not subject.environment.get(name):
        says = (f"{variable(name)} is not set", "set it where LiteLLM runs, and check there")
        yield slip(value.key, value.line, says, "litellm.credentials_missing")
    if isinstance(value.content, str) and re.match(r"os\.(env|environ|getenv)\W", value.content) and not name:
        yield slip(value.key, value.line, ("not LiteLLM's way to name a variable", "write os.environ/NAME"), _NOT_EXPANDED)
    elif isinstance(value.content, str) and re.fullmatch(r"env:[A-Z_][A-Z0-9_]*", value.content):
        name = value.content.removeprefix("env:")
        says = ("env: is our way to name a variable, not LiteLLM's", f"write {REFERENCE}{name}")
        yield slip(value.key, value.line, says, _NOT_EXPANDED, mend=partial(value.write, f"{REFERENCE}{name}"))


def _written_out(value: Value, text: str) -> Iterator[Slip]:
    name = value.name.lower()
    is_key = name.endswith(_KEYS) and name != "master_key" and "cost" not in name
    is_literal = not text.startswith(("os.environ", "env:", "$", "file:")) and "${" not in text
    if is_key and is_literal and text.lower().removeprefix("sk-") not in _NO_KEYS:
        says = ("a key is written out in the file", "put it into a variable and write os.environ/NAME")
        yield slip(value.key, value.line, says, "settings.invalid", is_warning=True)
        if marks := key_check.quoting_in(text):
            says = (f"the key holds {marks}", "write the bare key")
            yield slip(value.key, value.line, says, "azure.key_shape")


def _version(value: Value) -> Iterator[Slip]:
    if isinstance(value.content, date):
        text = value.content.isoformat()[:10]
        says = (f"{text} is a YAML date, not a text", f'write it in quotes: "{text}"')
        mend = partial(value.write, DoubleQuotedScalarString(text))
        yield slip(value.key, value.line, says, "settings.api_version_date", mend=mend)
        if fault := api_versions.fault(text):
            yield slip(value.key, value.line, fault, "azure.api_version")
    elif isinstance(value.content, str) and not referred(value.content) and "$" not in value.content:
        known = value.content in _OTHER_VERSIONS
        if not known and (fault := api_versions.fault(value.content)):
            yield slip(value.key, value.line, fault, "azure.api_version")
