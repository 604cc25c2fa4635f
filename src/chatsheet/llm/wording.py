"""What an error says, whatever envelope it came in: nested, escaped, retold by LiteLLM, or plain text. Pure."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

from chatsheet.core import loose

_MOST_TEXT = 16_384
_DEEPEST = 4
_RETOLD = "llm_provider-"
"""LiteLLM puts this before the name of each header that the provider sent."""

_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " ", "\u2011": "-"})
_ESCAPED = re.compile(r"\\{1,8}u([0-9a-fA-F]{4})")
_NAMED = re.compile(r"[\"'](?:code|type|error|error_code|errorcode|reason|status)[\"']\s*:\s*[\"']([^\"']{1,80})[\"']")
_NUMBERED = re.compile(r"[\"'](?:code|status|statuscode|status_code|http_status)[\"']\s*:\s*[\"']?([2-5]\d\d)\b")
_PAGE = re.compile(r"<!doctype html|<html\b|unexpected string response from azure")
# a line of a traceback, told from a line of indented JSON
_TRACEBACK = re.compile(
    r"^(?:Traceback \(most recent|  +[^\s\"{}\[\]]|The above exception was|During handling of).*$", re.MULTILINE
)
# names of models and routes, which are anybody's words
_OWN_WORDS = re.compile(r"litellm: model group '[^']*'|received model group=\S+|(?<=\bmodel=)[\w.:/-]+")


@dataclass(frozen=True, slots=True)
class Said:
    """An error in comparable words."""

    text: str
    """Everything that was said: lower case, straight quotes, single spaces, no traceback."""
    codes: frozenset[str]
    """The values of code, type, error, reason and their like, lower case."""
    status: int
    """The status that the body itself names; 0 for none."""
    is_page: bool
    """An HTML page, also inside LiteLLM's message."""
    is_labelled_page: bool
    """Called HTML by its header, and not JSON."""
    headers: Mapping[str, str]
    """Lower-case names; what LiteLLM renamed has its own name back."""


def read(body: str, headers: Mapping[str, str]) -> Said:
    """Return what a body and its headers say."""
    flat = _flat(body)
    flat = _TRACEBACK.sub(" ", flat) if "Traceback (most recent" in flat else flat
    text = _OWN_WORDS.sub(" ", " ".join(flat.lower().split()))
    own = {name.lower().removeprefix(_RETOLD): value for name, value in headers.items() if name.lower().startswith(_RETOLD)}
    known = {**{name.lower(): value for name, value in headers.items()}, **own}
    codes = {code.strip() for code in _NAMED.findall(text)} | {known.get("x-ms-error-code", "").lower()} - {""}
    numbered = _NUMBERED.search(text)
    is_page = body.lstrip("\ufeff \r\n\t")[:1] == "<" or _PAGE.search(text) is not None
    is_labelled = known.get("content-type", "").lower().startswith("text/html") and text[:1] not in {"{", "["}
    return Said(text, frozenset(codes), int(numbered[1]) if numbered else 0, is_page, is_labelled, known)


def _flat(body: str) -> str:
    """Undo HTML's and JSON's escapes, however often they were applied."""
    text = body[:_MOST_TEXT]
    for _ in range(_DEEPEST):
        before = text
        text = html.unescape(_ESCAPED.sub(_character, text))
        text = text.replace("\\r", "").replace("\\n", "\n").replace('\\"', '"').replace("\\'", "'").replace("\\\\", "\\")
        if text == before:
            break
    return text.translate(_QUOTES)


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return "?" if 0xD800 <= code <= 0xDFFF else chr(code)  # noqa: PLR2004  surrogates are halves of a character


def is_openai_refusal(body: str) -> bool:
    """Tell whether OpenAI's own envelope says that the request itself is wrong, naming where."""
    whole = loose.obj(loose.parse(body))
    error = loose.obj(whole.get("error"))
    is_envelope = set(whole) == {"error"} and {"message", "type", "param", "code"} <= set(error)
    return is_envelope and error.get("type") == "invalid_request_error" and bool(error.get("param"))


def filter_category(body: str) -> str:
    """Return which category of Azure's content filter was hit, or an empty text."""
    found = _filter_results(loose.parse(body), 0)
    return ", ".join(name for name, result in found.items() if loose.obj(result).get("filtered") is True)


def _filter_results(value: object, depth: int) -> Mapping[str, object]:
    """Look for the filter's results where Azure puts them, and where LiteLLM moves them."""
    if depth > _DEEPEST:
        return {}
    node = loose.obj(value)
    for name in ("content_filter_result", "content_filter_results"):
        if results := loose.obj(node.get(name)):
            return results
    for child in node.values():
        if found := _filter_results(child, depth + 1):
            return found
    return {}
