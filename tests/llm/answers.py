"""Fixtures read back as the evidence that the gateway would collect from the same bytes."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from chatsheet.core import loose
from chatsheet.llm.causes import Evidence

FIXTURES = Path(__file__).with_name("fixtures")


def names(folder: str) -> list[str]:
    """Return the names of a folder's fixtures."""
    return sorted(path.stem for path in (FIXTURES / folder).glob("*.http"))


def evidence(folder: str, name: str, *, kind: str, key_sent: bool = True, remembered: str = "") -> Evidence:
    """Return what a caller sees of one answer."""
    head, _, body = (FIXTURES / folder / f"{name}.http").read_bytes().decode().partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    headers = {line.partition(": ")[0]: line.partition(": ")[2] for line in lines}
    is_stream = headers["content-type"].startswith("text/event-stream")
    symptom, body = of_stream(body) if is_stream else ("", body)
    return Evidence(
        route_kind=kind,
        status=int(status.split()[1]),
        headers=headers,
        body=body,
        symptom=symptom,
        key_sent=key_sent,
        remembered=remembered,
    )


def rows(name: str) -> list[tuple[Evidence, Mapping[str, object]]]:
    """Return the lines of a table of answers, each with the evidence it stands for."""
    lines = (FIXTURES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [(_of_row(row), row) for row in map(loose.obj, map(loose.parse, lines))]


def _of_row(row: Mapping[str, object]) -> Evidence:
    return Evidence(
        route_kind=loose.text(row.get("kind")),
        status=loose.number(row.get("status")) or None,
        headers={name: loose.text(value) for name, value in loose.obj(row.get("headers")).items()},
        body=loose.text(row.get("body")),
        key_sent=row.get("key_sent") is not False,
    )


def of_stream(events: str) -> tuple[str, str]:
    """Return the symptom of a stream, empty for a whole one, and the body of an error inside it."""
    finish, has_text, is_done = "", False, False
    for data in _data(events):
        if data == "[DONE]":
            is_done = True
            continue
        chunk = loose.obj(loose.parse(data))
        if not chunk:
            return "stream.malformed", ""
        if chunk.get("error"):
            return "stream.error", data
        choice = loose.obj(next(iter(loose.array(chunk.get("choices"))), None))
        has_text = has_text or bool(loose.obj(choice.get("delta")).get("content"))
        finish = loose.text(choice.get("finish_reason")) or finish
    if finish == "content_filter":
        return "content.filtered", ""
    if not finish or not is_done:
        return "stream.cut", ""
    return ("" if has_text else "stream.empty"), ""


def _data(events: str) -> Iterator[str]:
    for event in events.split("\n\n"):
        if event.startswith("data:"):
            yield event.removeprefix("data:").strip()
