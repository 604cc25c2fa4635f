"""Helm's own engine renders the chart, Kubernetes' own schemas hold, and what is rendered is as closed as it says."""

from collections.abc import Mapping
from pathlib import Path

import helm_python as helm
import pytest
import yaml
from pydantic import JsonValue

from chatsheet.core import ids, loose, settings_file
from tests.deploy.conftest import DEPLOY, Tool

CHART = DEPLOY / "helm/chatsheet"
DIGEST = f"sha256:{'a' * 64}"
URLS = {"database_url": "postgresql://user:password@host/name", "redis_url": "redis://host"}
Values = dict[str, JsonValue]
LEAST: Values = {
    "image": {"repository": "registry.example/chatsheet", "digest": DIGEST},
    "litellm": {"image": {"repository": "registry.example/litellm", "digest": DIGEST}},
    "networkPolicy": {"azure": {"cidrs": ["10.1.0.4/32"]}, "postgres": {"cidrs": ["10.1.0.5/32"]}},
}
MOST: Values = {
    **LEAST,
    "app": {"autoscaling": {"enabled": True}},
    "worker": {"autoscaling": {"enabled": True, "metric": "chatsheet_rows_waiting", "selector": {"queue": "rows"}}},
    "serviceAccount": {"azureClientId": "client", "azureTenantId": "tenant", "annotations": {"a": "b"}},
    "networkPolicy": {
        "azure": {"cidrs": ["10.1.0.4/32"]},
        "postgres": {"cidrs": ["10.1.0.5/32"]},
        "redis": {"cidrs": ["10.1.0.6/32"]},
        "files": {"cidrs": ["10.1.0.8/32"]},
        "extraEgress": [{"to": [{"ipBlock": {"cidr": "10.1.0.7/32"}}]}],
    },
    "podAnnotations": {"c": "d"},
    "nodeSelector": {"pool": "sheets"},
    "tolerations": [{"key": "sheets", "operator": "Exists"}],
    "imagePullSecrets": [{"name": "registry"}],
    "data": {"storageClassName": "azurefile-nfs"},
}


def rendered(values: Values) -> list[Mapping[str, object]]:
    """Return what the chart makes of values."""
    with helm.Chart.load(CHART) as chart:
        texts = chart.render(values, name="demo", namespace="sheets").values()
    return [loose.obj(one) for text in texts for one in yaml.safe_load_all(text) if one]


def of_kind(values: Values, kind: str) -> list[Mapping[str, object]]:
    return [one for one in rendered(values) if one["kind"] == kind]


@pytest.mark.parametrize("values", [LEAST, MOST], ids=["least", "most"])
def test_helm_finds_nothing_to_correct(values: Values) -> None:
    found = helm.lint(CHART, values, strict=True)
    assert found["errors"] is None or found["errors"] == []


@pytest.mark.parametrize("version", ["1.29", "1.35"])
@pytest.mark.parametrize("values", [LEAST, MOST], ids=["least", "most"])
def test_what_is_rendered_is_what_kubernetes_takes(tool: Tool, tmp_path: Path, version: str, values: Values) -> None:
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(map(dict, rendered(values))), encoding="utf-8")
    tool("kubernetes-validate", "--kubernetes-version", version, "--strict", tmp_path / "all.yaml")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("image.digest", "latest"),
        ("litellm.image.repository", ""),
        ("networkPolicy.azure.cidrs", []),
        ("networkPolicy.postgres.cidrs", ["0.0.0.0/0"]),
        ("worker.autoscaling", {"enabled": True, "metric": ""}),
        ("app.replica", 3),
        ("data.size", "much"),
    ],
)
def test_values_that_cannot_work_are_refused(path: str, value: JsonValue) -> None:
    *parents, last = path.split(".")
    change: JsonValue = {last: value}
    for name in reversed(parents):
        change = {name: change}
    with helm.Chart.load(CHART) as chart, pytest.raises(helm.HelmError):
        chart.render(_merged(LEAST, loose.obj(change)), name="demo", namespace="sheets")


def _merged(values: Mapping[str, object], change: Mapping[str, object]) -> dict[str, JsonValue]:
    merged: dict[str, object] = {**values}
    for name, value in change.items():
        inner = loose.obj(value)
        merged[name] = _merged(loose.obj(merged.get(name)), inner) if inner else value
    return merged  # pyright: ignore[reportReturnType]  both are JSON


def pods() -> list[Mapping[str, object]]:
    """Return the pods of the app and the worker."""
    specs = [loose.obj(one["spec"]) for one in of_kind(MOST, "Deployment")]
    return [loose.obj(loose.obj(spec["template"])["spec"]) for spec in specs]


def test_no_container_is_root_or_writes_into_its_image() -> None:
    containers = [loose.obj(one) for pod in pods() for key in ("initContainers", "containers") for one in loose.array(pod[key])]
    assert [one["name"] for one in containers] == ["litellm", "app", "litellm", "worker"]
    for one in containers:
        security = loose.obj(one["securityContext"])
        assert (security["runAsNonRoot"], security["readOnlyRootFilesystem"]) == (True, True)
        assert security["allowPrivilegeEscalation"] is False
        assert loose.obj(security["capabilities"])["drop"] == ["ALL"]
        assert str(one["image"]).endswith(f"@{DIGEST}")
        assert "env" not in one
        assert loose.obj(loose.obj(one["resources"])["limits"])["memory"]


def test_secrets_are_named_and_never_made() -> None:
    assert of_kind(MOST, "Secret") == []
    for pod in pods():
        volumes = {str(loose.obj(one)["name"]): loose.obj(one) for one in loose.array(pod["volumes"])}
        assert len(loose.array(loose.obj(volumes["secrets"]["projected"])["sources"])) == 4
        assert "emptyDir" in volumes["litellm"]


def test_with_an_object_store_each_pod_has_a_folder_of_its_own() -> None:
    own = _merged(LEAST, {"data": {"isShared": False, "size": "20Gi"}})
    assert of_kind(own, "PersistentVolumeClaim") == []
    for one in of_kind(own, "Deployment"):
        pod = loose.obj(loose.obj(loose.obj(one["spec"])["template"])["spec"])
        (data,) = [volume for volume in map(loose.obj, loose.array(pod["volumes"])) if volume["name"] == "data"]
        assert data == {"name": "data", "emptyDir": {"sizeLimit": "20Gi"}}


def test_pods_reach_names_the_private_endpoint_and_their_state_alone() -> None:
    (policy,) = of_kind(MOST, "NetworkPolicy")
    spec = loose.obj(policy["spec"])
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    reached = [loose.obj(loose.array(loose.obj(rule)["to"])[0]) for rule in loose.array(spec["egress"])]
    assert "podSelector" in reached[0]
    cidrs = [loose.obj(one["ipBlock"])["cidr"] for one in reached[1:]]
    assert cidrs == ["10.1.0.4/32", "10.1.0.5/32", "10.1.0.6/32", "10.1.0.8/32", "10.1.0.7/32"]


def test_the_settings_that_the_chart_begins_with_are_valid(tmp_path: Path) -> None:
    values = loose.obj(yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8")))
    text = loose.text(values["settings"])
    secrets = {loose.text(loose.obj(one)["name"]) for one in loose.array(values["secrets"])}
    for name in secrets:
        (tmp_path / name).write_text(URLS.get(name, ids.new_key()), encoding="utf-8")
    (tmp_path / "chatsheet.toml").write_text(text.replace("/run/secrets", str(tmp_path)), encoding="utf-8")
    loaded = settings_file.load(tmp_path / "chatsheet.toml")
    assert loaded.server.public_url == f"https://{values['publicHost']}"
    assert {name for name in secrets if f"/run/secrets/{name}" not in text} == set()
