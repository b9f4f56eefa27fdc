"""Settings of the Wonde connector: refused when wrong, and silent about the token."""

import pytest

from tallyroll.connectors.interface import open_connector
from tallyroll.connectors.wonde.settings import read
from tallyroll.vocab.errors import UsageProblem

TOKEN = "secret-token-4711"


def test_token_is_in_no_text_of_the_settings():
    assert TOKEN not in repr(read({"token": TOKEN}))


def test_token_may_come_from_a_file_or_the_environment(tmp_path, monkeypatch):
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    monkeypatch.setenv("WONDE_TOKEN", TOKEN)
    assert read({"token_file": str(tmp_path / "token")}).token == TOKEN
    assert read({"token_env": "WONDE_TOKEN"}).token == TOKEN


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({}, "token"),
        ({"token": TOKEN, "token_env": "X"}, "twice"),
        ({"token": f"{TOKEN} \u00e9"}, "damaged"),
        ({"token_file": "/nowhere/token"}, "/nowhere/token"),
        ({"token_env": "NO_SUCH_VARIABLE"}, "NO_SUCH_VARIABLE"),
        ({"token": TOKEN, "per_paige": "5"}, "per_paige"),
        ({"token": TOKEN, "per_page": "0"}, "from 1 to 10000"),
        ({"token": TOKEN, "max_tries": "many"}, "max_tries"),
        ({"token": TOKEN, "timeout_s": "nan"}, "timeout_s"),
        ({"token": TOKEN, "base_url": "http://api.wonde.com/v1.0"}, "encrypted"),
        ({"token": TOKEN, "base_url": "api.wonde.com"}, "address"),
        ({"token": TOKEN, "base_url": "http://[::1"}, "address"),
        ({"token": TOKEN, "base_url": "http://localhost:99999"}, "address"),
    ],
)
def test_settings_that_cannot_be_used_are_named_without_the_token(settings, word):
    with pytest.raises(UsageProblem, match=word) as problem:
        read(settings)
    assert TOKEN not in str(problem.value)


def test_every_fault_is_named_at_once():
    with pytest.raises(UsageProblem) as problem:
        read({"token": TOKEN, "seed": "-1", "colour": "red"})
    assert "'seed'" in str(problem.value)
    assert "'colour'" in str(problem.value)


def test_connector_is_found_by_its_name():
    assert open_connector("wonde", {"token": TOKEN}).name == "wonde"
