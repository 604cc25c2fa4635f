"""What an import has on disk while it works, and how it goes when the import does not end well."""

import shutil
from pathlib import Path


def aside(target: Path) -> Path:
    """Return the folder for copies and spilled rows of the import into `target`."""
    return target.with_name(f"{target.name}.aside")


def discard(target: Path) -> None:
    """Remove the half-made database, its log and its folder."""
    for path in (target, target.with_name(f"{target.name}.wal")):
        path.unlink(missing_ok=True)
    shutil.rmtree(aside(target), ignore_errors=True)
