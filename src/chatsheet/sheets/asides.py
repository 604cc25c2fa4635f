"""Names of what is under way in a data folder, by which whoever sweeps it sees whose process has ended.

Servers on several machines may share the folder, and a process's number says something only where it runs.
"""

import os
import re
import socket

from chatsheet.core.ids import new_id

_NAME = re.compile(r"\w+\.(\d+)\.([^/]+)")


def owned(kind: str) -> str:
    """Return a fresh name that says which process it belongs to."""
    return f"{new_id(kind)}.{os.getpid()}.{socket.gethostname()}"


def is_orphan(name: str) -> bool:
    """Tell whether the name is of `owned`, here, and its process has ended."""
    owner = _NAME.fullmatch(name)
    if owner is None or owner[2] != socket.gethostname():
        return False
    try:
        os.kill(int(owner[1]), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
