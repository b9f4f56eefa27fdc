"""The address of a rota in PostgreSQL: what it may say, and that a password in it is said again nowhere."""

import pytest

from tallyroll.flows.rota.postgres import check_address, is_postgres, open_postgres
from tallyroll.vocab.errors import UsageProblem

WORD = "s3cret-w0rd"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://clerk@db.example/tallyroll",
        "postgres://db.example:5433/tallyroll?sslmode=verify-full&passfile=/etc/tallyroll/passfile",
        "postgresql://clerk@one.example,two.example/tallyroll",
        "postgresql://clerk@/tallyroll?host=/run/postgresql",
    ],
)
def test_a_host_a_database_and_options_make_an_address(address):
    assert is_postgres(address)
    check_address(address)


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://clerk:{WORD}@db.example/tallyroll",
        f"postgresql://clerk@db.example/tallyroll?password={WORD}",
        f"postgresql://clerk@db.example/tallyroll?sslmode=require&sslpassword={WORD}",
        f"postgresql://:{WORD}@db.example/tallyroll",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_repeated(address):
    with pytest.raises(UsageProblem, match="has a password in it") as told:
        open_postgres(address)
    assert "PGPASSFILE" in told.value.mend
    assert WORD not in f"{told.value} {told.value.__cause__!r} {told.value.__context__!r}"


@pytest.mark.parametrize("address", ["postgresql://db.example", "mysql://db.example/tallyroll", "postgresql://[::1/x"])
def test_what_is_no_address_of_a_database_is_refused_and_not_repeated(address):
    with pytest.raises(UsageProblem, match="not the address of a PostgreSQL database") as told:
        open_postgres(address)
    assert address not in str(told.value)


@pytest.mark.parametrize("path", ["rota.sqlite", "/srv/tallyroll/postgresql/rota", "C:\\rota", ""])
def test_a_path_is_no_address(path):
    assert not is_postgres(path)
