"""Every alert is one that Prometheus can read, about metrics that there are, with a runbook."""

import re

import promql_parser
import pytest
import yaml

from chatsheet.core import loose
from tests.deploy.conftest import DEPLOY, Tool
from tests.harness import ROOT

GROUPS = loose.array(loose.obj(yaml.safe_load((DEPLOY / "alerts.yaml").read_text(encoding="utf-8")))["groups"])
RULES = [loose.obj(rule) for group in GROUPS for rule in loose.array(loose.obj(group)["rules"])]
NAMES = [loose.text(rule["alert"]) for rule in RULES]


def test_the_file_is_well_formed(tool: Tool) -> None:
    tool("yamllint", "--strict", DEPLOY / "alerts.yaml")
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_prometheus_can_read_an_alert(rule: dict[str, object]) -> None:
    assert promql_parser.parse(loose.text(rule["expr"])) is not None
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert loose.obj(rule["labels"])["severity"] in {"page", "ticket"}


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    assert [loose.obj(rule["annotations"])["runbook"] for rule in RULES] == [f"docs/runbooks/{name}.md" for name in NAMES]
    assert {path.stem for path in (ROOT / "docs/runbooks").glob("*.md")} == {*NAMES, "README"}
    listed = (ROOT / "docs/runbooks/README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\((\w+)\.md\)", listed)) == set(NAMES)
