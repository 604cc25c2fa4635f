"""A folder of an object store, S3 or Azure Blob: whole objects put, got, listed and removed. Blocking, for threads.

An object is there whole or not at all, and whoever lists after it was put sees it: both stores promise that.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from chatsheet.core.errors import StorageUnavailable
from chatsheet.core.settings import FilesSettings

_TRIES = 3
_CONNECT_S = 5
_PROBE = "reachable"


class System(Protocol):
    """What is used of fsspec's file systems."""

    def put_file(self, lpath: str, rpath: str) -> None: ...
    def get_file(self, rpath: str, lpath: str) -> None: ...
    def pipe_file(self, path: str, value: bytes) -> object: ...
    def cat_file(self, path: str) -> bytes: ...
    def find(self, path: str, *, detail: bool) -> dict[str, dict[str, object]]: ...
    def rm_file(self, path: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """An object as it is listed."""

    name: str
    size: int
    at: datetime
    """When it was put."""


class Objects:
    """The objects below one address; each method raises StorageUnavailable where the store cannot be used."""

    def __init__(self, system: System, root: str, failures: tuple[type[Exception], ...] = ()) -> None:
        """`failures` are the errors of the adapter besides OSError."""
        self._system = system
        self._root = root.strip("/")
        self._failures = (OSError, *failures)

    def put(self, name: str, path: Path) -> None:
        """Put a file; one of that name is replaced."""
        with self._answering():
            self._system.put_file(str(path), self._at(name))

    def write(self, name: str, content: bytes) -> None:
        """Put bytes; an object of that name is replaced."""
        with self._answering():
            self._system.pipe_file(self._at(name), content)

    def get(self, name: str, path: Path) -> bool:
        """Write an object to a file; returns whether there is one."""
        return self._found(lambda: self._system.get_file(self._at(name), str(path))) is not _NOTHING

    def read(self, name: str) -> bytes | None:
        """Return an object; None where there is none."""
        found = self._found(lambda: self._system.cat_file(self._at(name)))
        return found if isinstance(found, bytes) else None

    def listed(self, folder: str) -> list[Object]:
        """Return what is below a folder."""
        with self._answering():
            found = self._system.find(self._at(folder) + "/", detail=True)
        skip = len(self._root) + 1
        return [_object(path[skip:], info) for path, info in found.items()]

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""
        self._found(lambda: self._system.rm_file(self._at(name)))

    def check(self) -> None:
        """Raise StorageUnavailable unless objects can be put here; a bucket that is not there looks like an empty one."""
        self.write(_PROBE, b"")

    def _found(self, get: Callable[[], object]) -> object:
        """Return what the store gives; `_NOTHING` where it certainly has it not."""
        try:
            with self._answering(may_lack=True):
                return get()
        except FileNotFoundError:
            self.check()
            return _NOTHING

    @contextmanager
    def _answering(self, *, may_lack: bool = False) -> Generator[None, None, None]:
        try:
            yield
        except self._failures as error:
            if may_lack and isinstance(error, FileNotFoundError):
                raise
            what = f"the object store of files.url cannot be used: {_reason(error)}."
            raise StorageUnavailable(
                what, fix="look at [files] in the settings, the network and the identity's rights."
            ) from error

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"


_NOTHING = object()


def _reason(error: Exception) -> str:
    said = str(error).splitlines()
    return f"{type(error).__name__}{': ' + said[0][:200] if said else ''}"


def _object(name: str, info: dict[str, object]) -> Object:
    at = info.get("LastModified") or info.get("last_modified")
    size = info.get("size")
    if not isinstance(at, datetime) or not isinstance(size, int):
        raise StorageUnavailable(f"the object store lists {name} without its size or time.", fix="update its adapter.")
    return Object(name=name, size=size, at=at)


def open_objects(settings: FilesSettings) -> Objects | None:
    """Return the object store that settings name; None where they name none. Raises StorageUnavailable."""
    kind, _, root = settings.url.partition("://")
    if not kind:
        return None
    try:
        return _s3(settings, root) if kind == "s3" else _azure(settings, root)
    except ImportError as error:
        extra = "s3" if kind == "s3" else "azure-blob"
        raise StorageUnavailable(
            f"files.url needs {error.name}, which is not installed.", fix=f'run `pip install "chatsheet[{extra}]"`.'
        ) from None


def _s3(settings: FilesSettings, root: str) -> Objects:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  an extra
    from s3fs import S3FileSystem  # noqa: PLC0415  likewise

    client: dict[str, object] = {}
    if settings.region:
        client["region_name"] = settings.region
    if settings.ca_file is not None:
        client["verify"] = str(settings.ca_file)
    system = S3FileSystem(
        key=settings.key_id or None,
        secret=settings.key.reveal() if settings.key is not None else None,
        endpoint_url=settings.endpoint or None,
        client_kwargs=client,
        config_kwargs={
            "connect_timeout": _CONNECT_S,
            "read_timeout": settings.timeout_s,
            "retries": {"total_max_attempts": _TRIES, "mode": "standard"},
        },
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    return Objects(system, root, (BotoCoreError, ClientError))


def _azure(settings: FilesSettings, root: str) -> Objects:
    from adlfs import AzureBlobFileSystem  # noqa: PLC0415  an extra
    from azure.core.credentials import AzureNamedKeyCredential  # noqa: PLC0415  likewise
    from azure.core.exceptions import AzureError  # noqa: PLC0415  likewise
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415  likewise
    from azure.storage.blob.aio import BlobServiceClient, ExponentialRetry  # noqa: PLC0415  likewise

    address = settings.endpoint or f"https://{settings.account}.blob.core.windows.net"
    credential = (
        AzureNamedKeyCredential(settings.account, settings.key.reveal())
        if settings.key is not None
        else DefaultAzureCredential(managed_identity_client_id=settings.client_id or None)
    )

    class Blobs(AzureBlobFileSystem):
        """Connects as settings say: the adapter's own way knows no retries, and reads variables that nobody named."""

        def do_connect(self) -> None:
            self.service_client = BlobServiceClient(
                address,
                credential=credential,
                connection_timeout=_CONNECT_S,
                read_timeout=settings.timeout_s,
                retry_policy=ExponentialRetry(initial_backoff=1, retry_total=_TRIES - 1),
                connection_verify=str(settings.ca_file) if settings.ca_file is not None else True,
            )

    system = Blobs(account_name=settings.account, credential=credential, use_listings_cache=False, skip_instance_cache=True)
    return Objects(system, root, (AzureError,))
