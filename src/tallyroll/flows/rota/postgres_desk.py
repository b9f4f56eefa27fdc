"""One connection to PostgreSQL that comes back: broken off, it is made anew, and the piece of work is done again.

A piece of work is one transaction. When the connection breaks at its end nobody knows whether it was committed, so
each is told whether it is done again, and has to be such that doing it twice is doing it once.
"""

import logging
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, TypeVar

import psycopg
from psycopg.rows import DictRow, dict_row
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_exponential,
    wait_random,
)

from tallyroll.flows.rota.postgres_schema import migrate
from tallyroll.vocab.errors import SourceProblem, UsageProblem

T = TypeVar("T")
Sql = psycopg.Connection[DictRow]
Work = Callable[[Sql, bool], T]
"""A transaction's work; the flag says that it may have been committed before, without our hearing of it."""

PATIENCE_S = 60.0  # a server that restarts, or a standby that takes over, is back within it; less than a lease
OPENING_S = 10.0  # at the start a wrong name or password is likelier than a server that is about to come

_CONNECT: dict[str, Any] = {
    "application_name": "tallyroll",
    "connect_timeout": 5,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "target_session_attrs": "read-write",  # of several hosts in the address, the one that is not a standby
}
_SESSION = (
    "SELECT set_config('statement_timeout', '30s', false), set_config('lock_timeout', '15s', false),"
    " set_config('idle_in_transaction_session_timeout', '10s', false),"
    " set_config('enable_bitmapscan', 'off', false), set_config('enable_sort', 'off', false)"
)
"""A machine that vanishes in the middle of a transaction holds its locks no longer than ten seconds.

Claims go along an index that has them in order. Before the first ANALYZE of a new table the planner would rather sort
all that is due: 16 ms a claim at 16,000 schools, and 0.2 ms along the index.
"""

_PASSING = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)
"""Lost connections, restarts, dead-locks, full disks, a server that became a standby: a later try may do."""

_log = logging.getLogger(__name__)


class Desk:
    """Where work is handed to the database, one piece at a time, from any thread."""

    def __init__(self, address: str, *, patience_s: float = PATIENCE_S) -> None:
        """Connect, and bring the tables up to date."""
        self._how = _how(address)
        self._patience_s = patience_s
        self._turn = Lock()
        self._sql: Sql | None = None
        self._persist(lambda sql, _: migrate(sql), patience_s=min(patience_s, OPENING_S))

    def close(self) -> None:
        """Close the connection."""
        with self._turn:
            self._drop()

    def run(self, work: Work[T]) -> T:
        """What the work gives, once it is committed.

        Raises: SourceProblem, `retriable`, when the server could not be reached for as long as we are patient.
        """

        def whole(sql: Sql, again: bool) -> T:
            with sql.transaction():
                return work(sql, again)

        return self._persist(whole, patience_s=self._patience_s)

    def _persist(self, work: Work[T], *, patience_s: float) -> T:
        tries = Retrying(
            retry=retry_if_exception_type(_PASSING),
            stop=stop_after_delay(patience_s),
            wait=wait_exponential(multiplier=0.05, max=5) + wait_random(0, 0.2),
            before_sleep=_tell,
            reraise=True,
        )
        try:
            with self._turn:
                answer: T = tries(self._once, work, tries.statistics)
                return answer
        except _PASSING as error:
            mend = "See to the server and the way to it; then go on: nothing was lost."
            raise SourceProblem(f"The rota cannot be reached: {_words(error)}.", mend=mend, retriable=True) from error
        except psycopg.errors.InsufficientPrivilege as error:
            mend = "Let the owner of the database open it once, or grant what is missing."
            raise UsageProblem(f"PostgreSQL does not permit it: {_words(error)}.", where="rota", mend=mend) from error

    def _once(self, work: Work[T], so_far: Mapping[str, Any]) -> T:
        try:
            if self._sql is None:
                self._sql = psycopg.connect(**self._how, autocommit=True, row_factory=dict_row)
                self._sql.execute(_SESSION)
            return work(self._sql, so_far["attempt_number"] > 1)
        except BaseException:
            self._drop()  # whatever its state: a new one costs a few milliseconds
            raise

    def _drop(self) -> None:
        if self._sql is not None:
            self._sql.close()
            self._sql = None


def _how(address: str) -> dict[str, Any]:
    """How we connect: as the address says, and for the rest as we like it."""
    try:
        return {**_CONNECT, **psycopg.conninfo.conninfo_to_dict(address)}
    except psycopg.ProgrammingError:
        mend = "Its options are those of libpq: sslmode=, passfile=, host= and the like."
        raise UsageProblem("PostgreSQL cannot read the address of the rota.", where="rota", mend=mend) from None


def _words(error: psycopg.Error) -> str:
    """The first line of what PostgreSQL says; libpq names hosts, users and files in it, never a password."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, psycopg.Error):
        _log.warning("The rota is out of reach, try %d: %s", state.attempt_number, _words(error))
