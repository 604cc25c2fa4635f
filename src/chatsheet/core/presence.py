"""Who else works in a data folder: every process holds a shared lock there, and can see whether it is alone."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


class Presence:
    """A process's shared lock on a folder; the kernel lets go of it when the process ends, however it ends."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def is_alone(self) -> bool:
        """Tell whether no other process is present: what stands half done here then has nobody who works on it."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            fcntl.flock(self._file, fcntl.LOCK_SH)
        return True


@contextmanager
def present(folder: Path) -> Generator[Presence, None, None]:
    """Be present in a folder while the body runs."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "presence.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield Presence(file)
