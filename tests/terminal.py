"""A program on a real terminal: a pty, what was typed, and what stood on the screen; no model of ours in between."""

import codecs
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path

_CONTROL = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b\][^\x07]*\x07|[\r\n\x08\x07]|[^\x1b\r\n\x08\x07]")


@dataclass(slots=True)
class Terminal:
    """`chatsheet …` on a pty of 100 columns; what it wrote is kept with its time."""

    process: "subprocess.Popen[bytes]"
    fd: int
    began: float
    written: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    typed: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    _seen: int = 0
    _decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    @property
    def raw(self) -> str:
        """Everything that was written."""
        return "".join(text for _, text in self.written)

    def wait_for(self, pattern: str, limit_s: float = 60) -> str:
        """Read until what was written since the last find fits; raise AssertionError with all of it otherwise."""
        until = time.monotonic() + limit_s
        while (found := re.search(pattern, shown(self.raw[self._seen :]))) is None:
            left = until - time.monotonic()
            if left <= 0 or not self._read(left):
                raise AssertionError(f"never wrote {pattern!r}:\n{shown(self.raw)}")
        self._seen = len(self.raw)
        return found.group()

    def type(self, text: str) -> None:
        """Type text as a person would."""
        self.typed.append((time.monotonic() - self.began, text))
        os.write(self.fd, text.encode())

    def end(self, limit_s: float = 60) -> int:
        """Read to the end and return the exit code."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until and self._read(max(0.0, until - time.monotonic())):
            pass
        return self.process.wait(timeout=10)

    def close(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.fd)

    def _read(self, wait_s: float) -> bool:
        ready, _, _ = select.select([self.fd], [], [], wait_s)
        if not ready:
            return False
        try:
            piece = os.read(self.fd, 65_536)
        except OSError:  # the other end is closed
            return False
        self.written.append((time.monotonic() - self.began, self._decoder.decode(piece)))
        return bool(piece)


def start(arguments: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Terminal:
    """Run `chatsheet ARGUMENTS` on a terminal of 100 columns and 40 lines."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-m", "chatsheet.cli.main", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40", **(env or {})},
        cwd=cwd,
        start_new_session=True,
        preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  before any thread of ours
    )
    os.close(theirs)
    return Terminal(process, ours, time.monotonic())


def shown(raw: str) -> str:
    """Return what stands on an endless screen after `raw`: the cursor is moved and lines are erased, colors are left out."""
    lines, row, column = [""], 0, 0
    for match in _CONTROL.finditer(raw):
        sign, command = match.group(), match.group(2)
        number = int(match.group(1) or 1) if command and (match.group(1) or "1").isdigit() else 1
        if sign == "\n":
            row += 1
        elif sign == "\r":
            column = 0
        elif sign == "\x08":
            column = max(0, column - 1)
        elif command == "A":
            row = max(0, row - number)
        elif command == "B":
            row += number
        elif command == "C":
            column += number
        elif command == "D":
            column = max(0, column - number)
        elif command == "K":
            lines[row] = "" if match.group(1) == "2" else lines[row][:column]
        elif len(sign) == 1 and sign >= " ":
            lines[row] = lines[row][:column].ljust(column) + sign + lines[row][column + 1 :]
            column += 1
        lines.extend("" for _ in range(row + 1 - len(lines)))
    return "\n".join(line.rstrip() for line in lines)
