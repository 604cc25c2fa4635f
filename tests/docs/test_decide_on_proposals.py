"""The how-to of proposals: its commands, options, addresses and error codes are there."""

import re

from tests.harness import ROOT

PAGE = (ROOT / "docs/howto/decide-on-proposals.md").read_text(encoding="utf-8")
REFERENCE = {name: (ROOT / f"docs/reference/{name}.md").read_text(encoding="utf-8") for name in ("cli", "api", "errors")}


def test_every_command_and_option_of_the_page_is_one() -> None:
    commands = re.findall(r"^chatsheet (proposals \w+)(.*)$", PAGE, re.MULTILINE)
    assert {name for name, _ in commands} == {f"proposals {verb}" for verb in ("list", "apply", "decline", "undo")}
    for name, rest in commands:
        told = REFERENCE["cli"].partition(f"## `chatsheet {name}`")[2].partition("\n## ")[0]
        assert told, name
        assert all(option in told for option in re.findall(r" (--[a-z-]+)", rest)), name


def test_every_address_and_error_of_the_page_is_one() -> None:
    for path in re.findall(r"http://127\.0\.0\.1:8000(/\S+)", PAGE):
        known = re.sub(r"/p\d", "/{proposal_id}", path.replace("CHAT", "{chat_id}"))
        assert f"`{known}`" in REFERENCE["api"], path
    for code in re.findall(r"`((?:chat|edit)\.[a-z_]+)`", PAGE):
        assert f"`{code}`" in REFERENCE["errors"], code
