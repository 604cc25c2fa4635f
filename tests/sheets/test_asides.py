"""What is under way belongs to a process of one machine, and is an orphan only there."""

import os
import socket
import subprocess
import sys

import pytest

from chatsheet.sheets.asides import is_orphan, owned


def test_what_a_living_process_works_on_is_no_orphan() -> None:
    assert not is_orphan(owned("import"))


def test_what_an_ended_process_of_this_machine_left_is_one() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert is_orphan(f"import_1.{ended.pid}.{socket.gethostname()}")


@pytest.mark.parametrize("name", [f"import_1.{2**22 + 1}.another-machine", "import_1.999999999", "upload_1", "versions"])
def test_what_is_of_another_machine_or_nobody_is_left_to_time(name: str) -> None:
    assert str(os.getpid()) not in name
    assert not is_orphan(name)
