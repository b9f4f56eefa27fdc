"""Verifying a folder: any byte that is changed is found, and said where; proofs stand without the folder."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from tests.lib.ledgers import KEY, NOW, ORIGIN, files_of, filled, grow
from tests.unit.test_ledger_log import cosigned

from tallyroll.ledger import Log, NoteKey, Proof, check_proof, prove, verify
from tallyroll.ledger.checkpoints import Checkpoint
from tallyroll.ledger.cosigning import keep_cosigned
from tallyroll.ledger.merkle import leaf_hash
from tallyroll.ledger.notes import Note
from tallyroll.ledger.tiles import Frontier, pack
from tallyroll.vocab.errors import UsageProblem, VerificationProblem

WITNESS = NoteKey.new("witness.example")
WITNESSES = {"w": WITNESS.cosigner_vkey}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """Five entries, tiles of each size, a document, a checkpoint with cosignatures and a newer one without."""
    folder = tmp_path_factory.mktemp("small") / "log"
    log = filled(folder, 4, key=KEY, document=b"a letter")
    cosigned(folder, KEY, WITNESS)
    grow(log, 1, start=4)
    return folder


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    """Over a full tile."""
    folder = tmp_path_factory.mktemp("large") / "log"
    filled(folder, 259, key=KEY)
    return folder


def fault(folder: Path, **witnesses) -> VerificationProblem:
    with pytest.raises(VerificationProblem) as caught:
        verify(folder, key=KEY.vkey, **witnesses)
    return caught.value


def test_a_whole_log_is_in_order(small):
    found = verify(small, key=KEY.vkey, witnesses=WITNESSES)
    assert (found.checkpoint.origin, found.checkpoint.size, found.documents, found.witnessed) == (ORIGIN, 5, 1, 4)
    assert (found.cosigned, found.unchecked, found.leftovers) == ({"w": NOW}, (), ())
    assert found.last == NOW + timedelta(seconds=4)


def test_any_byte_that_is_flipped_is_found_and_the_file_is_named(tmp_path):
    small = tmp_path / "log"
    log = filled(small, 2, key=KEY, document=b"a letter")
    cosigned(small, KEY, WITNESS)
    grow(log, 1, start=2)
    for path in files_of(small):
        data = path.read_bytes()
        for place in range(len(data)):
            spoilt = bytearray(data)
            spoilt[place] ^= 1 << (place % 8)
            path.write_bytes(spoilt)
            try:
                where = fault(small, witnesses=WITNESSES).where
            finally:
                path.write_bytes(data)
            assert str(path) in where, f"{path} byte {place}: {where}"
    assert verify(small, key=KEY.vkey).leftovers == ()


def test_any_file_that_is_cut_or_gone_is_found_but_those_of_earlier_sizes(small):
    for path in files_of(small):
        data = path.read_bytes()
        path.write_bytes(data[:-1])
        try:
            assert str(path) in fault(small, witnesses=WITNESSES).where
        finally:
            path.write_bytes(data)
    for name in ("tile/0/000.p/5", "tile/entries/000.p/5", "documents"):
        path, away = small / name, small.parent / "away"
        path.rename(away)
        try:
            assert str(path) in fault(small).where
        finally:
            away.rename(path)


@pytest.mark.parametrize(
    ("name", "place", "where"),
    [
        ("tile/entries/000", 0, "tile/entries/000 entry 200"),
        ("tile/0/000", 200 * 32, "tile/0/000 hash 200"),
        ("tile/0/001.p/3", 33, "tile/0/001.p/3 hash 1"),
        ("tile/0/001.p/2", 33, "tile/0/001.p/2"),
        ("tile/1/000.p/1", 0, "tile/1/000.p/1 hash 0"),
    ],
)
def test_faults_in_a_larger_tree_are_placed(large, name, place, where):
    path = large / name
    data = path.read_bytes()
    if name.startswith("tile/entries"):
        place = data.index(b'"n":200') + 4
    path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    try:
        assert where in fault(large).where
    finally:
        path.write_bytes(data)


def test_an_entry_rewritten_with_its_hash_is_placed_by_the_tile_above(large, tmp_path):
    """Who changes an entry and the tile below the next must change the root too, and that is signed."""
    folder = tmp_path / "log"
    shutil.copytree(large, folder)
    fork = tmp_path / "fork"
    log = Log.found(fork, KEY)
    grow(log, 100)
    grow(log, 159, start=100, event="other")
    for name in ("tile/entries/000", "tile/0/000"):
        shutil.copyfile(fork / name, folder / name)
    assert fault(folder).where.endswith("tile/entries/000 entry 0 to 255")
    shutil.rmtree(folder / "tile")
    shutil.copytree(fork / "tile", folder / "tile")
    assert "root of these 259" in fault(folder).what


def test_an_entry_in_another_spelling_is_refused_although_signed(tmp_path):
    folder = tmp_path / "log"
    Log.found(folder, KEY)
    leaf = b'{"event":"gate","at":"2026-11-20T16:00:00Z","facts":{}}'
    tree = Frontier()
    tree.add(leaf_hash(leaf))
    for name, data in [("tile/entries/000.p/1", pack([leaf])), ("tile/0/000.p/1", leaf_hash(leaf))]:
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(data)
    (folder / "checkpoint").write_bytes(Checkpoint(ORIGIN, 1, tree.root()).signed(KEY))
    assert "not an entry" in fault(folder).what


def test_files_that_are_no_part_of_the_log_are_listed(small):
    strange = [small / "notes.txt", small / "tile/0/000.p/9", small / "tile/extra", small / "documents/readme"]
    for path in strange:
        path.write_bytes(b"x")
    try:
        assert verify(small, key=KEY.vkey).leftovers == tuple(sorted(p.relative_to(small).as_posix() for p in strange))
    finally:
        for path in strange:
            path.unlink()


def test_an_empty_folder_is_no_log(tmp_path):
    with pytest.raises(UsageProblem, match="no ledger here"):
        verify(tmp_path, key=KEY.vkey)


# Proofs


def test_a_proof_stands_without_the_folder(large):
    for index in (0, 255, 256, 258):
        proof = Proof.parse(prove(large, index, key=KEY.vkey).text(), where="x")
        assert check_proof(proof, key=KEY.vkey).entry.facts == {"n": index}


def test_a_proof_carries_the_witnesses_where_they_saw_the_entry(small):
    seen = check_proof(prove(small, 3, key=KEY.vkey), key=KEY.vkey, witnesses=WITNESSES)
    assert (seen.checkpoint.size, seen.at) == (4, {"w": NOW})
    newest = check_proof(prove(small, 4, key=KEY.vkey), key=KEY.vkey, witnesses=WITNESSES)
    assert (newest.checkpoint.size, newest.at) == (5, {})


def test_a_proof_has_the_form_of_the_specification(small):
    lines = prove(small, 3, key=KEY.vkey).text().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 3"
    assert [len(line) for line in lines[3:6]] == [44, 44, 0]  # four leaves: two hashes, then a blank line
    assert lines[6:8] == [ORIGIN, "4"]


def check_with_witness(text: str) -> None:
    """A verifier that wants its witness: a line of a stranger is passed over, so the witness is missing then."""
    proved = check_proof(Proof.parse(text, where="x"), key=KEY.vkey, witnesses=WITNESSES)
    if "w" not in proved.at:
        raise VerificationProblem("The witness is missing.")


def test_a_proof_with_any_character_changed_proves_nothing(small):
    text = prove(small, 3, key=KEY.vkey).text()
    for place, char in enumerate(text):
        spoilt = text[:place] + chr(ord(char) ^ 1) + text[place + 1 :]
        with pytest.raises(VerificationProblem):
            check_with_witness(spoilt)


@pytest.mark.parametrize("index", [-1, 5, 10**9])
def test_there_is_no_proof_of_what_is_not_there(small, index):
    with pytest.raises(UsageProblem, match="no entry"):
        prove(small, index, key=KEY.vkey)


def test_older_cosignatures_do_not_replace_newer_ones(tmp_path):
    folder = tmp_path / "log"
    log = filled(folder, 1, key=KEY)
    cosigned(folder, KEY, WITNESS)
    old = Note.parse((folder / "checkpoint.witnessed").read_bytes(), where="x")
    grow(log, 1, start=1)
    cosigned(folder, KEY, WITNESS, at=NOW + timedelta(minutes=1))
    keep_cosigned(folder, old, key=KEY.vkey)
    found = verify(folder, key=KEY.vkey, witnesses=WITNESSES)
    assert (found.witnessed, found.cosigned) == (2, {"w": NOW + timedelta(minutes=1)})
