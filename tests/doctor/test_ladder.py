"""Every cause belongs to a rung of every path; the rungs keep their order."""

from pathlib import Path as File

import pytest

from chatsheet.doctor import ladder, paths
from chatsheet.doctor.model import ORDER
from chatsheet.doctor.paths import Path
from chatsheet.llm.causes import CATALOGUE
from tests.doctor.rig import azure, settings_of

LITELLM = '[llm.route.litellm]\nkind = "litellm"\nkey = "{azure}"\nserves = ["azure"]\n'


def both(folder: File) -> dict[str, Path]:
    """Return the two paths to one deployment."""
    settings = settings_of(folder, azure("azure", "https://name.openai.azure.com") + LITELLM, routes='"litellm", "azure"')
    return {path.way: path for path in paths.of(settings.llm)}


@pytest.mark.parametrize("way", ["direct", "litellm"])
def test_every_cause_breaks_a_rung_that_a_call_decides(tmp_path: File, way: str) -> None:
    path = both(tmp_path)[way]
    assert {ladder.place(cause, path) for cause in CATALOGUE.values()} <= {*ladder.called(path)}


def test_what_lies_behind_litellm_is_upstream_of_it(tmp_path: File) -> None:
    path = both(tmp_path)["litellm"]
    for code in ("net.dns_failed", "tls.untrusted_ca", "net.connect_timeout", "litellm.upstream_unreachable"):
        assert ladder.place(CATALOGUE[code], path) == "upstream"


def test_a_direct_path_has_no_rung_of_litellm(tmp_path: File) -> None:
    found = both(tmp_path)
    assert ladder.rungs(found["litellm"]) == ORDER
    assert {*ORDER} - {*ladder.rungs(found["direct"])} == {
        "litellm_up", "litellm_key", "litellm_alias", "litellm_health", "upstream",
    }  # fmt: skip


def test_a_call_begins_where_reaching_ends(tmp_path: File) -> None:
    for path in both(tmp_path).values():
        assert (*ladder.reached(path), *ladder.called(path)) == ladder.rungs(path)
