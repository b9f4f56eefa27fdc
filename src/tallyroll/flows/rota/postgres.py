"""The way to a rota in PostgreSQL: its address checked, its product loaded only where somebody asks for it.

An address names no password. Settings are copied, shown and sent to others; libpq finds the password by itself in the
file that `passfile=` of the address or PGPASSFILE names, or in ~/.pgpass. docs/how-to/many-collectors.md shows it.
"""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tallyroll.vocab.errors import UsageProblem

if TYPE_CHECKING:  # a machine without psycopg can still say what is missing
    from tallyroll.flows.rota.postgres_rota import PostgresRota

SCHEMES = ("postgresql", "postgres")
"""What the address of such a rota begins with."""

_GUIDE = "See docs/how-to/many-collectors.md."


def is_postgres(address: str) -> bool:
    """Whether this is the address of a rota in PostgreSQL, and not the path of a file."""
    return address.startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def open_postgres(address: str) -> "PostgresRota":
    """The rota at this address, its tables made or brought up to date.

    Raises: UsageProblem where the address or the rights are wrong, or psycopg is missing; SourceProblem, `retriable`,
    where no server answers.
    """
    check_address(address)
    try:
        from tallyroll.flows.rota.postgres_rota import PostgresRota  # noqa: PLC0415  # an extra, not installed by all
    except ImportError as error:
        mend = "Install it: pip install 'tallyroll[postgres]'."
        raise UsageProblem("A rota in PostgreSQL needs psycopg, which is not here.", where="rota", mend=mend) from error
    return PostgresRota(address)


def check_address(address: str) -> None:
    """Returns when the address can be used. What it says is repeated nowhere: it may hold a password.

    Raises: UsageProblem where it is no address, or has a password in it.
    """
    try:
        parts = urlsplit(address)
        named = parts.password is not None or bool({"password", "sslpassword"} & parse_qs(parts.query).keys())
        usable = is_postgres(address) and bool(parts.path.strip("/"))
    except ValueError:
        named, usable = False, False
    if named:
        mend = f"Take it out, and put it into a file that PGPASSFILE names. {_GUIDE}"
        raise UsageProblem("The address of the rota has a password in it.", where="rota", mend=mend) from None
    if not usable:
        mend = f"Write it as postgresql://user@host/database. {_GUIDE}"
        raise UsageProblem("This is not the address of a PostgreSQL database.", where="rota", mend=mend) from None
