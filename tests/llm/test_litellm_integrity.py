"""LiteLLM's environment is what its lock made, or LiteLLM is not started: the tricks of its stolen releases are seen."""

import base64
import hashlib
from pathlib import Path

import pytest

from chatsheet.core import settings_file
from chatsheet.core.clock import SystemClock
from chatsheet.llm import litellm_integrity, litellm_proxy
from chatsheet.llm.causes import CATALOGUE
from chatsheet.llm.litellm_integrity import KNOWN_BAD, LOCK, LitellmTampered
from chatsheet.llm.litellm_proxy import LitellmProxy
from tests.harness import free_ports, write_settings

LOCKED = (
    "litellm[proxy]==1.106.2 \\\n    --hash=sha256:00\nhelper-one==2.0 ; python_version >= '3.11' \\\n    --hash=sha256:00\n"
)
CODE = {"litellm/__init__.py": "VERSION = 1\n", "litellm/proxy/server.py": "serve()\n"}
HELPER = {"helper_one.py": "help()\n", "helper_one.pth": "import helper_one\n"}


def ship(site: Path, name: str, files: dict[str, str]) -> None:
    """Install a package with its RECORD, as pip does."""
    rows: list[str] = []
    for path, text in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text, encoding="utf-8")
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(text)}")
    record = f"{name}.dist-info/RECORD"
    (site / record).parent.mkdir(parents=True)
    (site / record).write_text("\n".join([*rows, f"{record},,"]), encoding="utf-8")


class Place:
    """A small environment as the lock makes it."""

    def __init__(self, folder: Path, release: str = "1.106.2") -> None:
        self.root, self.lock = folder / "made", folder / "litellm.lock"
        self.site = self.root / "lib" / "python3.11" / "site-packages"
        self.site.mkdir(parents=True)
        self.lock.write_text(LOCKED, encoding="utf-8")
        (self.root / "pyvenv.cfg").write_text("include-system-site-packages = false\n", encoding="utf-8")
        ship(self.site, f"litellm-{release}", CODE)
        ship(self.site, "helper_one-2.0", HELPER)

    def inspected(self) -> list[tuple[str, str]]:
        """Return keys and causes of the cheap look."""
        return [(found.key, found.cause) for found in litellm_integrity.inspect(self.root, self.lock)]

    def verified(self) -> list[tuple[str, str]]:
        """Return keys and causes of the whole look."""
        return [(found.key, found.cause) for found in litellm_integrity.verify(self.root, self.lock)]


TAMPERED = "litellm.environment_tampered"


def test_what_the_lock_made_is_clean_its_own_pth_included(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert (place.inspected(), place.verified()) == ([], [])


@pytest.mark.parametrize("release", sorted(KNOWN_BAD))
def test_a_release_that_stole_credentials_is_named_as_such(tmp_path: Path, release: str) -> None:
    assert Place(tmp_path, release).inspected() == [("litellm", "litellm.known_bad")]


@pytest.mark.parametrize("release", ["1.106.3", "1.109.1", "2.0"])
def test_another_release_than_the_pinned_one_is_named(tmp_path: Path, release: str) -> None:
    assert Place(tmp_path, release).inspected() == [("litellm", "litellm.unpinned")]


@pytest.mark.parametrize("name", ["cook.pth", "litellm_init.pth", "sitecustomize.py", "usercustomize.py", "sitecustomize.pyc"])
def test_a_file_that_runs_at_every_start_is_named(tmp_path: Path, name: str) -> None:
    place = Place(tmp_path)
    (place.site / name).write_text("import cook\n", encoding="utf-8")
    assert place.inspected() == [(name, TAMPERED)]
    assert place.verified() == [(name, TAMPERED)]


def test_a_changed_pth_of_a_locked_package_is_named(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (place.site / "helper_one.pth").write_text("import cook\n", encoding="utf-8")
    assert place.inspected() == [("helper_one.pth", TAMPERED)]


def test_a_package_that_the_lock_does_not_name_vouches_for_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    ship(place.site, "cook-1.0", {"cook.pth": "import cook\n"})
    assert place.inspected() == [("cook-1.0.dist-info", TAMPERED), ("cook.pth", TAMPERED)]


def test_the_machines_own_packages_must_stay_outside(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (place.root / "pyvenv.cfg").write_text("include-system-site-packages = true\n", encoding="utf-8")
    assert place.inspected() == [("pyvenv.cfg", TAMPERED)]


def test_a_changed_file_of_litellm_is_found_by_the_whole_look(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (place.site / "litellm/proxy/server.py").write_text("steal()\n", encoding="utf-8")
    assert (place.inspected(), place.verified()) == ([], [("litellm/proxy/server.py", TAMPERED)])


def test_a_deleted_file_of_litellm_is_found_by_the_whole_look(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (place.site / "litellm/proxy/server.py").unlink()
    assert place.verified() == [("litellm/proxy/server.py", TAMPERED)]


def test_an_added_module_is_found_by_the_whole_look_and_compiled_ones_are_not(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (place.site / "cook.py").write_text("steal()\n", encoding="utf-8")
    (place.site / "__pycache__").mkdir()
    (place.site / "__pycache__" / "helper_one.cpython-311.pyc").write_bytes(b"")
    assert (place.inspected(), place.verified()) == ([], [("cook.py", TAMPERED)])


def test_an_empty_environment_is_not_clean(tmp_path: Path) -> None:
    assert [found.cause for found in litellm_integrity.inspect(tmp_path)] == [TAMPERED]


def test_a_tampered_environment_refuses_with_its_code_and_fix(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (place.site / "cook.pth").write_text("import cook\n", encoding="utf-8")
    with pytest.raises(LitellmTampered) as caught:
        litellm_integrity.require(place.root)
    assert caught.value.code in CATALOGUE
    assert "helper_one-2.0" in caught.value.what
    assert "chatsheet litellm install" in caught.value.fix


def test_the_lock_pins_the_release_that_we_run_and_it_is_none_of_the_bad_ones() -> None:
    assert f"litellm=={litellm_proxy.VERSION} " in LOCK.read_text(encoding="utf-8")
    assert litellm_proxy.VERSION not in KNOWN_BAD


@pytest.mark.slow
def test_the_real_environment_is_clean_through_and_through() -> None:
    place = litellm_proxy.install(print)
    assert litellm_integrity.inspect(place) == ()
    assert litellm_integrity.verify(place) == ()


TEXT = """
[llm]
routes = ["ours"]
[llm.route.ours]
kind = "litellm"
base_url = "http://127.0.0.1:{litellm}"
egress_port = {egress}
key = "{master}"
serves = ["azure"]
[llm.route.azure]
kind = "azure"
endpoint = "https://myresource.openai.azure.com"
deployment = "gpt-4o"
auth = "entra"
"""


@pytest.mark.anyio
async def test_litellm_is_not_started_from_an_environment_that_was_tampered_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    place = litellm_proxy.place_of()
    place.mkdir(parents=True)
    (place / "complete").touch()
    litellm, egress = free_ports(2)
    text = TEXT.replace("{litellm}", str(litellm)).replace("{egress}", str(egress))
    llm = settings_file.load(write_settings(tmp_path, text, {"master": "sk-0a9s8d7f6g5h4j3k2l"})).llm
    proxy = LitellmProxy(llm=llm, data=tmp_path / "data", clock=SystemClock(), say=print)
    with pytest.raises(LitellmTampered, match="LiteLLM is not started"):
        await proxy.run()
