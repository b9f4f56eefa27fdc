"""What only a rota in PostgreSQL can do wrong: many at once, a server that dies, clocks that differ, passwords."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.rows import dict_row
from tests.lib.postgres import server
from tests.lib.rotas import A1, A2, B1, LIMITS, SOURCE, planned

from tallyroll.flows.rota.interface import Collector, Pull, Rota, Turn
from tallyroll.flows.rota.postgres import open_postgres
from tallyroll.flows.rota.postgres_rota import PostgresRota
from tallyroll.flows.rota.postgres_schema import STEPS, migrate
from tallyroll.vocab.errors import SourceProblem, UsageProblem

NOW = datetime.now(UTC)
PULL = Pull(NOW.date(), 1, NOW - timedelta(hours=3), NOW + timedelta(hours=3))
WORD = "the-clerks-word"  # the password of the role `clerk` in tests/lib/postgres.py


@pytest.fixture
def address() -> str:
    return server().database()


def name_of(address: str) -> str:
    return urlsplit(address).path.strip("/")


def listed(rota: Rota, n: int, source: str = SOURCE) -> Rota:
    rota.enrol(source, [planned(100000 + urn, pull=PULL) for urn in range(n)], pull=PULL, now=NOW)
    return rota


def take(rota: Rota, who: Collector = A1, *, most: int = 1, now: datetime = NOW, limits=LIMITS):
    return rota.claim(SOURCE, PULL, who, at_most=most, limits=limits, now=now)


def turns(rota: Rota) -> list[Turn]:
    return [one.turn for one in rota.lines(SOURCE, now=NOW)]


# Tables


def test_of_many_that_start_at_once_one_makes_the_tables_and_all_find_them(address):
    start = threading.Barrier(8)

    def opened(n: int) -> int:
        start.wait()
        with closing(open_postgres(address)) as rota:
            return len(take(rota, replace(A1, name=str(n))))

    with ThreadPoolExecutor(8) as apart:
        assert list(apart.map(opened, range(8))) == [0] * 8
    with psycopg.connect(address) as sql:
        assert sql.execute("SELECT version FROM rota.version").fetchall() == [(len(STEPS),)]


def test_an_older_database_is_brought_up_to_date_and_keeps_what_it_holds(address):
    newer = (*STEPS, "ALTER TABLE rota.school ADD COLUMN remark text NOT NULL DEFAULT 'none'")
    with closing(open_postgres(address)) as rota, psycopg.connect(address, row_factory=dict_row) as sql:
        listed(rota, 2)
        for _ in range(2):
            migrate(sql, steps=newer)
            sql.commit()
        assert sql.execute("SELECT remark FROM rota.school").fetchall() == [{"remark": "none"}] * 2
        assert sql.execute("SELECT version FROM rota.version").fetchone() == {"version": len(newer)}
        assert len(take(rota, most=9)) == 2


def test_a_step_that_fails_leaves_the_tables_as_they_were(address):
    with psycopg.connect(address, row_factory=dict_row) as sql:
        with pytest.raises(psycopg.errors.UndefinedTable), sql.transaction():
            migrate(sql, steps=(*STEPS, "ALTER TABLE rota.nowhere ADD COLUMN remark text"))
        assert sql.execute("SELECT to_regnamespace('rota') AS made").fetchone() == {"made": None}


def test_a_newer_tallyrolls_tables_are_refused(address):
    open_postgres(address).close()
    with psycopg.connect(address) as sql:
        sql.execute("UPDATE rota.version SET version = 99")
    with pytest.raises(UsageProblem, match="version 99"):
        open_postgres(address)


def test_a_role_that_may_use_the_tables_needs_no_right_to_make_them(address):
    name = name_of(address)
    server().sql("DROP ROLE IF EXISTS user_only; CREATE ROLE user_only LOGIN")
    mine = server().url(name, user="user_only")
    with pytest.raises(UsageProblem, match="permission denied for database"):
        open_postgres(mine)
    open_postgres(address).close()
    rights = "GRANT USAGE ON SCHEMA rota TO user_only; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA rota"
    server().sql(f"{rights} TO user_only", database=name)
    with closing(open_postgres(mine)) as rota:
        assert len(take(listed(rota, 3), most=9)) == 3


# Many at once


def test_no_school_is_given_to_two_and_none_is_left_over(address):
    n = 300
    with closing(open_postgres(address)) as rota:
        listed(rota, n)

    def work(name: int) -> list[int]:
        got = []
        with closing(open_postgres(address)) as mine:
            while claims := take(mine, Collector(f"home {name % 3}", f"{name}"), most=7):
                got += [one.urn.number for one in claims]
                assert all(mine.done(SOURCE, one, latest_week=None, now=NOW) for one in claims)
        return got

    with ThreadPoolExecutor(6) as apart:
        got = [urn for urns in apart.map(work, range(6)) for urn in urns]
    assert sorted(got) == list(range(100000, 100000 + n))


def test_nobody_waits_in_a_circle_while_lists_beats_and_claims_go_on_side_by_side(address):
    """A dead-lock would show in the server's log, and cost a second."""
    stop = time.monotonic() + 2.5

    def enrols(rota: Rota) -> None:
        listed(rota, 60)

    def claims(rota: Rota) -> None:
        held = take(rota, most=20)
        rota.beat(A1, limits=LIMITS, now=NOW)
        rota.released(SOURCE, held[::-1])

    def ends(rota: Rota) -> None:
        for one in take(rota, B1, most=5):
            rota.failed(SOURCE, one, reason="Test.", retry_at=NOW, now=NOW)

    def work(what) -> int:
        n = 0
        with closing(open_postgres(address)) as rota:
            while time.monotonic() < stop:
                what(rota)
                n += 1
        return n

    before = server().log().count("deadlock detected")
    with ThreadPoolExecutor(6) as apart:
        assert min(apart.map(work, [enrols, claims, ends] * 2)) > 2
    assert server().log().count("deadlock detected") == before


def test_one_rota_may_be_used_by_many_threads(address):
    with closing(open_postgres(address)) as rota, ThreadPoolExecutor(8) as apart:
        listed(rota, 40)
        claims = [one for got in apart.map(lambda _: take(rota, most=5), range(8)) for one in got]
        assert len({one.urn for one in claims}) == 40


# Clocks


def test_a_collector_whose_clock_runs_fast_takes_nobodys_claim_and_nobodys_school(address):
    with closing(open_postgres(address)) as rota:
        listed(rota, 1)
        (held,) = take(rota)
        assert held.until == NOW + LIMITS.lease
        fast = NOW + timedelta(hours=1)
        assert take(rota, A2, now=fast) == ()
        assert take(rota, B1, now=fast) == ()
        again = rota.next_due(SOURCE, PULL, A2, limits=LIMITS, now=fast)
        assert fast < again <= fast + LIMITS.lease
        (line,) = rota.lines(SOURCE, now=fast)
        assert (line.turn, line.holder) == (Turn.CLAIMED, "A one")
        rota.beat(A1, limits=LIMITS, now=NOW - timedelta(hours=1))  # nor does one that runs slow lose its own
        assert rota.done(SOURCE, held, latest_week=None, now=NOW) is True


def test_a_lease_runs_out_by_the_databases_clock(address):
    short = replace(LIMITS, lease=timedelta(seconds=0.3))
    with closing(open_postgres(address)) as rota:
        listed(rota, 1)
        take(rota, limits=short)
        assert take(rota, A2) == ()
        time.sleep(0.35)
        (again,) = take(rota, A2)
        assert again.tries == 2


# A server that goes away


def test_a_restart_in_the_middle_is_waited_out_and_nothing_is_lost(address):
    with closing(open_postgres(address)) as rota:
        listed(rota, 4)
        held = take(rota, most=2)
        server().stop(signal.SIGKILL)
        back = threading.Timer(0.5, server().start)
        back.start()
        assert rota.done(SOURCE, held[0], latest_week=None, now=NOW) is True
        back.join()
        server().stop()
        server().start()
        assert len(take(rota, most=9)) == 2
        assert turns(rota) == [Turn.KEPT, *[Turn.CLAIMED] * 3]


class LosesAnswers:
    """A way to the server on which of every other COMMIT the answer is lost, and the connection with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.n_commits = 0
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / ".s.PGSQL.5432"))
        self._door.listen()
        threading.Thread(target=self._greet, daemon=True).start()

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _greet(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(str(server().folder / ".s.PGSQL.5432"))
                threading.Thread(target=self._pass_on, args=(client, there), daemon=True).start()
                threading.Thread(target=self._pass_back, args=(there, client), daemon=True).start()

    def _pass_on(self, client: socket.socket, there: socket.socket) -> None:
        with suppress(OSError), client, there:
            while said := client.recv(2**16):
                is_commit = b"COMMIT\0" in said
                self.n_commits += is_commit
                if is_commit and self.n_commits % 2:
                    client.shutdown(socket.SHUT_RDWR)
                    there.sendall(said)
                    time.sleep(0.1)  # so that the next question comes after it
                    return
                there.sendall(said)

    def _pass_back(self, there: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while said := there.recv(2**16):
                client.sendall(said)


def test_what_was_committed_without_our_hearing_of_it_is_not_done_twice(address):
    open_postgres(address).close()
    with TemporaryDirectory() as folder, closing(LosesAnswers(Path(folder))) as way:
        with closing(open_postgres(address.partition("?")[0] + f"?host={folder}")) as rota:
            listed(rota, 4)
            held = take(rota, most=2)
            assert [(one.number, one.tries) for one in held] == [(1, 1)] * 2  # not two more
            assert rota.done(SOURCE, held[0], latest_week=None, now=NOW) is True
            assert rota.failed(SOURCE, held[1], reason="Test.", retry_at=None, now=NOW) is True
            (third,) = take(rota)
            rota.released(SOURCE, [third])
            lines = rota.lines(SOURCE, now=NOW)
            assert [one.tries for one in lines] == [1, 1, 0, 0]
            assert lines[1].failures == 1
            assert rota.done(SOURCE, held[1], latest_week=None, now=NOW) is False
        assert way.n_commits == 2 * 8  # each of the eight calls was committed twice, and heard of once


def test_a_server_that_stays_away_is_told_after_our_patience(address):
    with closing(PostgresRota(address, patience_s=0.3)) as rota:
        server().stop()
        try:
            with pytest.raises(SourceProblem, match="The rota cannot be reached") as told:
                take(rota)
            assert told.value.retriable
            with pytest.raises(SourceProblem, match="The rota cannot be reached"):
                PostgresRota(address, patience_s=0.2)
        finally:
            server().start()
        listed(rota, 1)
        assert len(take(rota)) == 1


# Passwords


@pytest.fixture
def passfile(tmp_path) -> Path:
    path = tmp_path / "passfile"
    path.write_text(f"*:*:*:clerk:{WORD}\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def test_the_password_comes_from_a_file_that_the_address_or_the_environment_names(passfile, monkeypatch):
    name = name_of(server().database())
    server().sql(f"ALTER DATABASE {name} OWNER TO clerk")
    clerk = server().url(name, user="clerk")
    open_postgres(f"{clerk}&passfile={passfile}").close()
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    open_postgres(clerk).close()


def test_a_wrong_password_is_told_without_it(passfile, caplog):
    passfile.write_text("*:*:*:clerk:another-word-4711\n", encoding="utf-8")
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SourceProblem, match="password authentication failed") as told:
        PostgresRota(f"{server().url('postgres', user='clerk')}&passfile={passfile}", patience_s=0.2)
    said = f"{told.value} {told.value.__cause__!r} {caplog.text} {[vars(one) for one in caplog.records]}"
    assert "another-word-4711" not in said


# Without the extra


def test_without_psycopg_the_mend_is_named(tmp_path):
    (tmp_path / "psycopg.py").write_text("raise ImportError('no psycopg here')\n", encoding="utf-8")
    code = "from tallyroll.flows.rota.postgres import open_postgres; open_postgres('postgresql://centre.example/rota')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert "UsageProblem: rota: A rota in PostgreSQL needs psycopg" in done.stderr
    assert "pip install 'tallyroll[postgres]'" in done.stderr
