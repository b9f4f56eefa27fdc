"""Signed notes, checkpoints and cosignatures, against the examples of the C2SP specifications."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tallyroll.ledger import NoteKey, read_key, write_key
from tallyroll.ledger.checkpoints import Checkpoint, cosign, cosigned_at, log_key, open_checkpoint, witness_key
from tallyroll.ledger.notes import Note, Verifier
from tallyroll.vocab.errors import UsageProblem, VerificationProblem

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
PETER = (
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
)
"""The example of the Go package that signed notes come from."""
NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(("vkey", "note"), [(VKEY, NOTE), (PETER[0], PETER[1].encode())])
def test_published_notes_verify(vkey, note):
    key = log_key(vkey)
    Note.parse(note, where="x").check(key, where="x")
    assert key.vkey == vkey


def test_a_note_with_any_byte_changed_is_refused():
    key = log_key(VKEY)
    for place in range(len(NOTE)):
        for bit in (1, 4, 32, 128):
            spoilt = bytearray(NOTE)
            spoilt[place] ^= bit
            with pytest.raises(VerificationProblem):
                Note.parse(bytes(spoilt), where="x").check(key, where="x")


def test_lines_of_strangers_are_passed_over():
    stranger = NoteKey.new("else.example").sign("This is an example message.\n").encode()
    Note.parse(NOTE + stranger, where="x").check(log_key(VKEY), where="x")
    with pytest.raises(VerificationProblem, match="is missing"):
        Note.parse(NOTE.partition(b"\n\n")[0] + b"\n\n" + stranger, where="x").check(log_key(VKEY), where="x")


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\nno dash AAAAAAAA\n",
        NOTE[:-1],
        NOTE.replace(b" example.com", b"  example.com"),
        b"\xff" + NOTE,
        b"\t" + NOTE,
        b"\r" + NOTE,
        b"x" * 100_001,
    ],
)
def test_what_is_no_note_is_refused(note):
    with pytest.raises(VerificationProblem, match="not a signed note"):
        Note.parse(note, where="x")


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        VKEY.replace("530d903a", "530d903b"),
        VKEY[:-2],
        VKEY.replace("foo", "bar"),
        VKEY + "AAAA",
        VKEY.replace("AekyeR", "A!kyeR"),
    ],
)
def test_what_is_no_key_is_refused(vkey):
    with pytest.raises(UsageProblem, match="verifier key"):
        Verifier.parse(vkey)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nfeed", "wide\u2003space"])
def test_names_that_cannot_stand_in_a_note_are_refused(name):
    with pytest.raises(UsageProblem, match="cannot name a key"):
        NoteKey.new(name)


def test_a_checkpoint_is_the_three_lines_of_the_specification():
    root = base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    checkpoint = Checkpoint("example.com/behind-the-sofa", 20852163, root)
    assert checkpoint.text == "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


@pytest.mark.parametrize(
    "text",
    [
        "o\n1\n",
        "\n1\n{0}\n",
        "o\n01\n{0}\n",
        "o\n-1\n{0}\n",
        "o\n1.0\n{0}\n",
        "o\n٣\n{0}\n",
        "o\n9223372036854775808\n{0}\n",
        "o\n1\nAAAA\n",
        "o\n1\n{0}\n\nx\n",
    ],
)
def test_signed_text_that_is_no_checkpoint_is_refused(text):
    key = NoteKey.new("o")
    body = text.format(base64.b64encode(bytes(32)).decode())
    with pytest.raises(VerificationProblem):
        open_checkpoint(f"{body}\n{key.sign(body)}".encode(), key=key.verifier(), where="x")


def test_a_checkpoint_of_another_origin_is_refused():
    key = NoteKey.new("here")
    text = Checkpoint("elsewhere", 0, bytes(32)).text
    with pytest.raises(VerificationProblem, match="of elsewhere, not of here"):
        open_checkpoint(f"{text}\n{key.sign(text)}".encode(), key=key.verifier(), where="x")


def test_a_cosignature_signs_the_lines_of_the_specification():
    witness, text = NoteKey.new("witness.example/w1"), "o\n1\nx\n"
    line = cosign(text, key=witness, at=datetime.fromtimestamp(1679315147, UTC))
    assert line.blob[:8] == (1679315147).to_bytes(8, "big")
    witness.private.public_key().verify(line.blob[8:], b"cosignature/v1\ntime 1679315147\no\n1\nx\n")
    assert line.key_id == witness_key(witness.cosigner_vkey).key_id
    found = cosigned_at(Note(text, (line,)), {"w": witness_key(witness.cosigner_vkey)}, where="x")
    assert found == {"w": datetime.fromtimestamp(1679315147, UTC)}


def test_a_cosignature_with_another_time_or_text_is_refused():
    witness = NoteKey.new("w")
    line = cosign("o\n1\nx\n", key=witness, at=NOW)
    known = {"w": witness_key(witness.cosigner_vkey)}
    later = type(line)(line.name, line.key_id, (int.from_bytes(line.blob[:8]) + 60).to_bytes(8) + line.blob[8:])
    for note in (Note("o\n1\nx\n", (later,)), Note("o\n2\nx\n", (line,))):
        with pytest.raises(VerificationProblem, match="does not verify"):
            cosigned_at(note, known, where="x")


def test_the_keys_of_logs_and_witnesses_are_told_apart():
    key = NoteKey.new("a")
    with pytest.raises(UsageProblem, match="not that of a log"):
        log_key(key.cosigner_vkey)
    with pytest.raises(UsageProblem, match="not that of a witness"):
        witness_key(key.vkey)


# Files of keys


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_a_key_comes_back_from_its_file_which_only_its_owner_reads(tmp_path, passphrase):
    key = Ed25519PrivateKey.generate()
    write_key(tmp_path / "key.pem", key, passphrase)
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    assert read_key(tmp_path / "key.pem", passphrase).private_bytes_raw() == key.private_bytes_raw()


def test_a_key_is_never_written_over_another(tmp_path):
    write_key(tmp_path / "key.pem", Ed25519PrivateKey.generate())
    with pytest.raises(UsageProblem, match="a file already"):
        write_key(tmp_path / "key.pem", Ed25519PrivateKey.generate())


def test_a_key_that_others_may_read_is_refused(tmp_path):
    write_key(tmp_path / "key.pem", Ed25519PrivateKey.generate())
    (tmp_path / "key.pem").chmod(0o640)
    with pytest.raises(UsageProblem, match="chmod 600"):
        read_key(tmp_path / "key.pem")


def test_wrong_passphrases_and_other_keys_are_refused(tmp_path):
    write_key(tmp_path / "a.pem", Ed25519PrivateKey.generate(), "right")
    for wrong in (None, "wrong"):
        with pytest.raises(UsageProblem, match="cannot be opened"):
            read_key(tmp_path / "a.pem", wrong)
    other = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "b.pem").write_bytes(other)
    (tmp_path / "b.pem").chmod(0o600)
    with pytest.raises(UsageProblem, match="not an Ed25519 key"):
        read_key(tmp_path / "b.pem")
    with pytest.raises(UsageProblem, match="passphrase is empty"):
        write_key(tmp_path / "c.pem", Ed25519PrivateKey.generate(), "")
    with pytest.raises(UsageProblem, match="cannot be read"):
        read_key(tmp_path / "none.pem")
