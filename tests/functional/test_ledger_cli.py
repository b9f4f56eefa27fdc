"""The verbs of the ledger from a terminal: what they say, and with which exit code."""

import json

import pytest
from tests.lib.ledgers import KEY, ORIGIN, filled

from tallyroll.cli.main import main
from tallyroll.ledger import NoteKey, read_key


@pytest.fixture
def run(capsys):
    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["ledger", *map(str, arguments)])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def folder(tmp_path):
    return filled(tmp_path / "log", 3, key=KEY, document=b"a letter").folder


def test_verify_says_what_it_found_and_names_a_fault(run, folder):
    code, out, _ = run("verify", folder, "--key", KEY.vkey, "--json")
    assert (code, json.loads(out)["entries"], json.loads(out)["documents"]) == (0, 3, 1)
    assert "In order." in run("verify", folder, "--key", KEY.vkey)[1]
    tile = folder / "tile/0/000.p/3"
    tile.write_bytes(tile.read_bytes()[:-1] + b"x")
    code, _, err = run("verify", folder, "--key", KEY.vkey, "--json")
    assert code == 6
    assert json.loads(err)["where"].endswith("tile/0/000.p/3 hash 2")


def test_a_key_is_made_and_serves_as_either(run, tmp_path):
    code, out, _ = run("key", tmp_path / "k.pem", "--name", "w.example", "--json")
    made = NoteKey("w.example", read_key(tmp_path / "k.pem"))
    assert (code, json.loads(out)["vkey"]) == (0, made.vkey)
    assert json.loads(out)["witness_vkey"] == made.cosigner_vkey
    assert run("key", tmp_path / "k.pem", "--name", "w.example")[0] == 2


def test_a_proof_goes_into_a_file_and_is_checked_alone(run, folder, tmp_path):
    (tmp_path / "key").write_text(KEY.vkey + "\n", encoding="utf-8")
    (tmp_path / "letter").write_bytes(b"a letter")
    proof = tmp_path / "2.tlog-proof"
    assert run("prove", folder, 2, "--key", tmp_path / "key", "--out", proof)[0] == 0
    given = ("check-proof", proof, "--key", KEY.vkey, "--document")
    code, out, _ = run(*given, tmp_path / "letter", "--json")
    assert (code, json.loads(out)["event"]) == (0, "letter")
    assert run(*given, tmp_path / "key")[0] == 6
    assert run("prove", folder, 9, "--key", KEY.vkey, "--out", proof)[0] == 2
    proof.write_text("not one", encoding="utf-8")
    assert run("check-proof", proof, "--key", KEY.vkey)[0] == 6


def test_entries_are_shown_once_they_were_verified(run, folder):
    code, out, _ = run("show", folder, "--key", KEY.vkey, "--last", 2, "--json")
    assert (code, [one["index"] for one in json.loads(out)["shown"]]) == (0, [1, 2])
    assert "letter" in run("show", folder, "--key", KEY.vkey)[1]
    assert run("show", folder, "--key", NoteKey.new(ORIGIN).vkey)[0] == 6


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "--key", "nonsense+key"),
        ("verify", "--key", KEY.vkey, "--witness", "one"),
        ("verify", "--key", KEY.vkey, "--witness", f"one {KEY.vkey}"),
        ("cosign", "--key", KEY.vkey, "--witness", f"one {KEY.cosigner_vkey}"),
    ],
)
def test_wrong_keys_and_witnesses_are_usage(run, folder, arguments):
    assert run(arguments[0], folder, *arguments[1:])[0] == 2


def test_a_mirror_that_cannot_be_reached_is_said(run, tmp_path):
    code, _, err = run("mirror", "http://127.0.0.1:1", tmp_path / "copy", "--key", KEY.vkey)
    assert code == 4
    assert "cannot be reached" in err


def test_cosignatures_that_do_not_come_are_a_failed_verification(run, folder):
    witness = NoteKey.new("w.example").cosigner_vkey
    code, out, _ = run("cosign", folder, "--key", KEY.vkey, "--witness", f"one {witness} http://127.0.0.1:1", "--json")
    assert code == 6
    assert "cannot be reached" in json.loads(out)["missing"]["one"]
