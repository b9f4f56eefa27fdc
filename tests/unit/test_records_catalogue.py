"""The public page of a collection: nothing that was signed is ever missing, and every link leads to a file."""

from datetime import date
from hashlib import sha256
from pathlib import Path

from tests.lib.builders import manifest
from tests.lib.histories import Story, edited, following, story
from tests.lib.pages import Reader, check_accessible
from tests.lib.tellings import gate_entry

from tallyroll.governance.lifecycle import History
from tallyroll.governance.records import FILES, collection_documents
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind

ON = date(2026, 11, 20)


def files(told: Story) -> dict[str, bytes]:
    return dict(collection_documents(told.history, told.entries, log=told.entries, on=ON))


def test_a_withdrawn_and_a_superseded_version_stay_on_the_page(tmp_path: Path) -> None:
    told, first = story(tmp_path), manifest()
    withdrawn = edited(lambda text: text.replace("settled_after_days = 14", "settled_after_days = 7"))
    told.approve(withdrawn).say(Kind.WITHDRAWN, Role.APPROVER, withdrawn, reason="Seven days are too few.")
    told.approve(first).activate(first)
    second = following(first, "pulls_a_day = 2", "pulls_a_day = 1")
    told.approve(second).activate(second)
    found = files(told)
    index = found["index.html"].decode()
    check_accessible(index)
    for number, state, written in ((1, "Withdrawn", withdrawn), (2, "Superseded", first), (3, "Active", second)):
        assert f"Version {number}:" in index
        assert f'<span class="state">{state}</span>' in index
        assert sha256(found[f"{written.digest}/manifest.json"]).hexdigest() == written.digest
    assert "Seven days are too few." in index
    assert "The first term showed that this serves the figures better." in index


def test_a_version_is_public_from_its_first_signature_on(tmp_path: Path) -> None:
    found = files(story(tmp_path).say(Kind.SCREENED, Role.ASSET_OWNER, manifest()))
    index = found["index.html"].decode()
    assert manifest().digest in index
    assert "Not yet numbered" in index
    assert "No version is active." in index
    assert {f"{manifest().digest}/{name}" for name in FILES} <= set(found)


def test_every_link_of_every_page_leads_to_a_file(tmp_path: Path) -> None:
    found = files(story(tmp_path).approve(manifest()))
    for name, content in found.items():
        if name.endswith(".html"):
            folder = name.rpartition("/")[0]
            local = [one for one in Reader(content.decode()).links if not one.startswith(("#", "mailto:", "https://"))]
            assert {f"{folder}/{one}".lstrip("/") for one in local} <= set(found)


def test_a_suspension_and_its_reason_are_shown(tmp_path: Path) -> None:
    told = story(tmp_path).approve(manifest()).activate(manifest())
    index = files(told.say(Kind.SUSPENDED, Role.DPO, reason="A fault was found."))["index.html"].decode()
    assert "Suspended</strong> since 1 September 2026" in index
    assert index.count("A fault was found.") == 2  # at the top, and among what was said


def test_the_letters_that_the_ledger_bears_out_are_there_and_linked(tmp_path: Path) -> None:
    told, first = story(tmp_path), manifest()

    def letters() -> set[str]:
        found = files(told)
        linked = {one for one in Reader(found["index.html"].decode()).links if one.startswith("letters/")}
        assert linked == {one for one in found if one.startswith("letters/")}
        return {one.removeprefix("letters/") for one in linked}

    assert letters() == set()
    told.approve(first).activate(first)
    assert letters() == {"invitation.txt"}
    assert first.digest in files(told)["letters/invitation.txt"].decode()
    told.say(Kind.SUSPENDED, Role.DPO, reason="A fault was found.")
    assert letters() == {"suspension.txt"}


def test_where_no_log_of_the_gate_is_known_nothing_is_said_of_sharing_and_deletion(tmp_path: Path) -> None:
    told = story(tmp_path).approve(manifest())
    made = collection_documents(told.history, told.entries, on=ON)
    about = {"sharing-register.html", "sharing-register.csv", "refusals.csv", "asked-about-most.csv", "deletions.csv"}
    assert about & set(made) == set()
    assert about <= set(files(told))
    told_where = "is in the logs that the nodes keep themselves. It is not known here."
    assert told_where in made["index.html"].decode()
    assert told_where not in files(told)["index.html"].decode()
    assert b"deletion records in the log:" not in made[f"{manifest().digest}/article-30.csv"]


def test_the_gates_answers_in_the_same_ledger_are_the_log(tmp_path: Path) -> None:
    told = story(tmp_path).approve(manifest())
    entries = (*told.entries, gate_entry(len(told.entries), manifest()))
    made = collection_documents(told.history, entries, on=ON)
    assert b"The Statistics Office" in made["sharing-register.csv"]
    assert b"deletion records in the log: 0" in made[f"{manifest().digest}/article-30.csv"]


def test_each_link_says_what_the_file_is(tmp_path: Path) -> None:
    index = files(story(tmp_path).approve(manifest()))["index.html"].decode()
    assert '<a href="correspondence.html">Correspondence with the regulator</a>' in index
    assert '<a href="deletions.csv">What was destroyed (CSV)</a>' in index


def test_the_page_of_a_collection_without_a_version_says_so() -> None:
    made = collection_documents(History("test-attendance"), (), log=(), on=ON)
    assert "No version has been signed yet." in made["index.html"].decode()


def test_the_same_history_gives_the_same_files(tmp_path: Path) -> None:
    told = story(tmp_path).approve(manifest())
    assert files(told) == files(told)
