"""Keys: one for each school and year, whole from its first moment, private, and gone for good when destroyed."""

import os
import stat
import subprocess
import sys

import pytest

from tallyroll.register.keys import KeyRing
from tallyroll.vocab.errors import UsageProblem, VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.periods import AcademicYear

URN, OTHER, YEAR = Urn(100001), Urn(100002), AcademicYear(2026)


@pytest.fixture
def ring(tmp_path):
    return KeyRing(tmp_path / "keys")


def only_file(ring):
    (path,) = ring.folder.iterdir()
    return path


def test_every_school_and_year_has_a_key_of_its_own_that_stays_the_same(ring):
    keys = [ring.key(urn, AcademicYear(year)) for urn in (URN, OTHER) for year in (2025, 2026)]
    assert len(set(keys)) == 4
    assert {len(key) for key in keys} == {32}
    again = KeyRing(ring.folder)
    assert [again.key(urn, AcademicYear(year)) for urn in (URN, OTHER) for year in (2025, 2026)] == keys
    assert ring.years() == ((URN, AcademicYear(2025)), (URN, YEAR), (OTHER, AcademicYear(2025)), (OTHER, YEAR))


def test_looking_for_a_key_makes_none(ring):
    assert ring.find(URN, YEAR) is None
    assert ring.years() == ()
    assert not ring.folder.exists()


def test_only_the_owner_may_read_keys(ring):
    ring.key(URN, YEAR)
    assert stat.S_IMODE(ring.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(only_file(ring).stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(ring, mode):
    ring.key(URN, YEAR)
    only_file(ring).chmod(mode)
    with pytest.raises(UsageProblem, match="Others may read"):
        KeyRing(ring.folder).find(URN, YEAR)


def test_a_folder_that_others_can_read_is_refused(ring):
    ring.key(URN, YEAR)
    ring.folder.chmod(0o755)
    with pytest.raises(UsageProblem, match="Others may read"):
        KeyRing(ring.folder)


def test_keys_that_cannot_be_made_are_said_in_plain_words(tmp_path):
    (tmp_path / "keys").write_text("a file, not a folder")
    (tmp_path / "keys").chmod(0o600)
    ring = KeyRing(tmp_path / "keys")
    for use in (ring.key, ring.find):
        with pytest.raises(UsageProblem, match="cannot be used: Not a directory"):
            use(URN, YEAR)


def test_a_torn_key_is_not_used(ring):
    ring.key(URN, YEAR)
    only_file(ring).write_bytes(b"short")
    with pytest.raises(VerificationProblem, match="has 5"):
        ring.find(URN, YEAR)


def test_a_destroyed_key_is_overwritten_and_gone(ring, tmp_path):
    key = ring.key(URN, YEAR)
    os.link(only_file(ring), tmp_path / "the same bytes on the disk")
    assert ring.destroy(URN, YEAR)
    left = (tmp_path / "the same bytes on the disk").read_bytes()
    assert (len(left), left != key) == (32, True)
    assert ring.find(URN, YEAR) is None
    assert list(ring.folder.iterdir()) == []
    assert not ring.destroy(URN, YEAR)


def test_a_key_destroyed_by_another_process_is_not_remembered(ring):
    key = ring.key(URN, YEAR)
    KeyRing(ring.folder).destroy(URN, YEAR)
    assert ring.find(URN, YEAR) is None
    assert ring.key(URN, YEAR) != key


def test_what_a_broken_making_left_behind_is_no_key_and_goes_with_the_year(ring):
    ring.key(URN, YEAR)
    (ring.folder / "100001-202627.0123456789abcdef").write_bytes(bytes(32))
    assert ring.years() == ((URN, YEAR),)
    ring.destroy(URN, YEAR)
    assert list(ring.folder.iterdir()) == []


def test_processes_that_make_a_key_at_once_have_the_same(tmp_path):
    code = (
        "import sys; from pathlib import Path; from tallyroll.register.keys import KeyRing;"
        "from tallyroll.vocab.identifiers import Urn; from tallyroll.vocab.periods import AcademicYear;"
        f"ring = KeyRing(Path({str(tmp_path / 'keys')!r})); print('ready', flush=True); sys.stdin.readline();"
        "print(''.join(ring.key(Urn(100001), AcademicYear(2000 + n)).hex() for n in range(50)))"
    )
    pipe = subprocess.PIPE
    makers = [subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    for maker in makers:
        assert maker.stdout.readline() == "ready\n"
    for maker in makers:
        maker.stdin.write("go\n")
        maker.stdin.flush()
    first, second = (maker.communicate()[0] for maker in makers)
    assert first == second
    assert len(first.strip()) == 50 * 64
    assert len(list((tmp_path / "keys").iterdir())) == 50
