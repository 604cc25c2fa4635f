"""The Dockerfile and the compose file say what they promise; nothing here builds or runs them."""

import re
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from chatsheet.core import ids, loose, settings_file
from tests.deploy.conftest import DEPLOY, Tool
from tests.harness import ROOT, run_program

DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = DEPLOY / "compose/compose.yaml"
SERVICES = loose.obj(loose.obj(yaml.safe_load(COMPOSE.read_text(encoding="utf-8")))["services"])


def test_the_dockerfile_is_sound(tool: Tool) -> None:
    tool("hadolint", DEPLOY / "Dockerfile")


def test_the_operator_names_the_base_image_and_nobody_is_root() -> None:
    assert re.findall(r"^ARG (\S+)", DOCKERFILE, re.MULTILINE) == ["PYTHON_IMAGE"]
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${PYTHON_IMAGE}", "build", "app"}
    app = DOCKERFILE.split(" AS app\n")[1]
    assert "USER 10001:10001" in app
    assert re.findall(r"^(?:RUN|ADD) .*(?:curl|wget|pip|apt)", app, re.MULTILINE) == []


def test_what_is_copied_is_there_and_let_in() -> None:
    copied = [word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()]
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    assert len(copied) > 5
    for path in copied:
        assert (ROOT / path).exists(), path
        assert path in let_in or path.split("/")[0] in let_in, path


def test_all_that_is_installed_is_installed_by_hash() -> None:
    installs = re.findall(r"pip install (.+?)(?:\\?$|&&)", DOCKERFILE, re.MULTILINE)
    assert len(installs) == 3
    assert [one for one in installs if "--require-hashes" not in one and "/opt/dist/*.whl" not in one] == []
    assert "--hash=sha256:" in (ROOT / "tools/uv.txt").read_text(encoding="utf-8")


def test_the_compose_file_follows_the_specification(tool: Tool) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)
    tool("yamllint", "--strict", DEPLOY / "compose")


@pytest.mark.parametrize("name", list(SERVICES))
def test_a_service_can_write_nowhere_and_has_no_secret_in_its_environment(name: str) -> None:
    service = loose.obj(SERVICES[name])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not str(service["user"]).startswith("0")
    assert re.fullmatch(r"\$\{\w+:\?.+\}", str(service["image"]))
    assert service["secrets"]
    for key, value in loose.obj(service.get("environment")).items():
        assert not re.search(r"password|url|key|token", key, re.IGNORECASE) or "/run/secrets/" in str(value)


def test_only_loopback_is_published() -> None:
    published = [port for one in SERVICES.values() for port in loose.array(loose.obj(one).get("ports"))]
    assert published == ["127.0.0.1:8000:8000"]


def test_the_settings_of_the_compose_file_are_valid(tmp_path: Path) -> None:
    text = (DEPLOY / "compose/chatsheet.toml").read_text(encoding="utf-8")
    for name in ("azure_key", "litellm_key"):
        (tmp_path / name).write_text(ids.new_key("sk" if name == "litellm_key" else "az"), encoding="utf-8")
    (tmp_path / "chatsheet.toml").write_text(text.replace("/run/secrets", str(tmp_path)), encoding="utf-8")
    assert settings_file.load(tmp_path / "chatsheet.toml").llm.routes == ("litellm", "azure")


class Answering(BaseHTTPRequestHandler):
    """Answers its public host, and nobody else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.headers["Host"] == "sheets.example.com" else 403)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        del format, args


@pytest.mark.anyio
@pytest.mark.parametrize(("url", "code"), [("https://sheets.example.com", 0), ("https://other.example.com", 1)])
async def test_the_health_check_asks_as_people_do(tmp_path: Path, url: str, code: int) -> None:
    (tmp_path / "chatsheet.toml").write_text(f'[server]\npublic_url = "{url}"\n', encoding="utf-8")
    server = HTTPServer(("127.0.0.1", 0), Answering)
    thread = Thread(target=server.handle_request)
    thread.start()
    argv = (sys.executable, str(DEPLOY / "healthcheck.py"), f"http://127.0.0.1:{server.server_port}/livez")
    try:
        found, _, _ = await run_program(argv=argv, env={"CHATSHEET_CONFIG": str(tmp_path / "chatsheet.toml")})
    finally:
        thread.join()
        server.server_close()
    assert found == code
