"""The students of the simulated service: base fields that come unasked (names too), and the includes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec
import numpy as np

from tallyroll.simulate import mis_stamps
from tallyroll.simulate.mis_awkward import Awkward
from tallyroll.simulate.mis_history import History
from tallyroll.vocab.clock import LONDON

INCLUDES = ("education_details", "extended_details", "sen_date_ranges", "fsm_date_ranges", "in_care_date_ranges")

Span = tuple[str, date | None, date | None]  # value, first, last

_YES_NO: dict[str, dict[str, object]] = {"SIMS": {"Y": True, "N": False}, "Arbor": {"Y": "Yes", "N": "No"}}
_SEN = {
    "SIMS": {"N": "N", "K": "K", "E": "E"},
    "Arbor": {"N": "No Special Educational Need", "K": "SEN Support", "E": "Education, Health and Care Plan"},
}
_ENROLMENT: dict[str, dict[str, str]] = {"SIMS": {}, "Arbor": {"C": "Single Registration"}}
"""How products write the same thing: each has its own words."""


class Listing(StrEnum):
    """On which list a student stands."""

    CURRENT = "students"
    LEAVER = "students-leaver"
    AHEAD = "students-pre-admission"


@dataclass(frozen=True, slots=True)
class Student:
    """One enrolment as the service gives it; `base` lacks its closing brace, so that includes can be joined on."""

    key: str
    listing: Listing
    updated: int
    base: bytes
    includes: dict[str, bytes]

    def json(self, includes: Sequence[str]) -> bytes:
        """The student with these includes, wrapped as the service wraps them."""
        return b"".join([self.base, *(b',"%b":%b' % (name.encode(), self.includes[name]) for name in includes), b"}"])


def system(history: History) -> str:
    """The product that the school uses: another one after a change of system."""
    return ("SIMS", "Arbor")[(history.urn + history.generation) % 2]


def students(history: History, now: datetime) -> list[Student]:
    """Every student that the school's system shows at that moment, in roll order."""
    return [student for writer in _writers(history, now) for student in writer.enrolments()]


def state(history: History, now: datetime) -> tuple[object, ...]:
    """What the students at a moment depend on: equal states, equal students."""
    year, second, today = history.year, int(now.timestamp()), np.datetime64(now.astimezone(LONDON).date())
    deletions = tuple((d.place, d.hides(second), d.restored) for d in history.deletions if d.at <= second)
    comings = (year.pupils["admission"], year.status["first"])
    endings = (year.pupils["leaving"], year.status["last"])
    past = [np.count_nonzero(days.drop_null().to_numpy() <= today) for days in (*comings, *endings)]
    over = [np.count_nonzero(days.drop_null().to_numpy() < today) for days in endings]
    back = np.count_nonzero(history.rejoins < np.count_nonzero(np.array(year.days, dtype="datetime64[D]") <= today))
    forms = Awkward.TIMEZONES in history.on
    return history.generation, forms, deletions, history.rejoins.tobytes(), back, *past, *over


def _writers(history: History, now: datetime) -> list["_Pupil"]:
    second = int(now.timestamp())
    hidden = {deletion.place for deletion in history.deletions if deletion.hides(second)}
    restored = {d.place: d.restored for d in history.deletions if d.restored is not None and d.restored <= second}
    spans: dict[int, dict[str, list[Span]]] = {}
    for place, item, *span in zip(*(column.to_pylist() for column in history.year.status.columns), strict=True):
        spans.setdefault(place, {}).setdefault(item, []).append((span[0], span[1], span[2]))
    today, product = now.astimezone(LONDON).date(), system(history)
    return [
        _Pupil(history, product, place, person, spans.get(place, {}), today, restored.get(place))
        for place, person in enumerate(history.year.pupils.to_pylist())
        if place not in hidden
    ]


@dataclass(frozen=True, slots=True)
class _Pupil:
    """One pupil at a moment, on the way to one or two enrolments."""

    history: History
    product: str
    place: int
    person: dict[str, object]
    spans: dict[str, list[Span]]
    today: date
    restored: int | None

    def enrolments(self) -> list[Student]:
        """The pupil's enrolment; two of them once the pupil has left and come back."""
        first, last = self._date("admission"), self._date("leaving")
        assert first is not None
        back = self.history.second_enrolment(self.place)
        if back is None or back > self.today:
            return [self._enrolment(0, first, last)]
        return [self._enrolment(0, first, back - timedelta(days=1)), self._enrolment(1, back, last)]

    def _date(self, name: str) -> date | None:
        value = self.person[name]
        assert value is None or isinstance(value, date)
        return value

    def _enrolment(self, turn: int, first: date, last: date | None) -> Student:
        known_last = last if last is not None and last <= self.today else None
        listing = Listing.CURRENT
        if first > self.today:
            listing = Listing.AHEAD
        elif known_last is not None and known_last < self.today:
            listing = Listing.LEAVER
        key = self.history.key("student", self.place * 2 + turn)
        updated = self._updated(first, known_last)
        extended = self._extended(listing)
        wrapped = {
            "education_details": self._education(turn, first, known_last),
            "extended_details": extended,
            "sen_date_ranges": self._ranges("sen", first),
            "fsm_date_ranges": self._ranges("fsm", first),
            "in_care_date_ranges": self._ranges("looked_after", first),
        }
        includes = {name: msgspec.json.encode({"data": data}) for name, data in wrapped.items()}
        return Student(key, listing, updated, self._base(key, updated), includes)

    def _updated(self, first: date, last: date | None) -> int:
        """When anything about the enrolment last changed."""
        turns = [first, *([last] if last else [])]
        for spans in self.spans.values():
            turns += [start for _, start, _ in spans if start]
            turns += [end + timedelta(days=1) for _, _, end in spans if end]
        changed = [mis_stamps.seconds(day, 8) for day in turns if day <= self.today]
        return max([*changed, self.restored or 0])

    def _base(self, key: str, updated: int) -> bytes:
        person = self.person
        record = {
            "id": key,
            "upi": self._upi(),
            "mis_id": str(self.place + 1),
            "title": None,
            "initials": str(person["forename"])[:1],
            "surname": person["surname"],
            "forename": person["forename"],
            "middle_names": None,
            "legal_surname": person["surname"],
            "legal_forename": person["forename"],
            "gender": {"F": "FEMALE", "M": "MALE"}.get(str(person["sex"])),
            "gender_identity": None,
            "date_of_birth": self._stamp(self._date("birth")),
            "restored_at": msgspec.Raw(mis_stamps.moment(self.restored)) if self.restored else None,
            "created_at": msgspec.Raw(mis_stamps.moment(updated)),
            "updated_at": msgspec.Raw(mis_stamps.moment(updated)),
        }
        return msgspec.json.encode(record)[:-1]

    def _upi(self) -> str:
        """The stable key. It is a hash of the system's own key, so a new system means a new one."""
        generation = self.history.generation
        return f"{self.person['pupil']}" + (f"-{generation}" if generation else "")

    def _stamp(self, value: date | None) -> msgspec.Raw | None:
        form = self.place if Awkward.TIMEZONES in self.history.on else 0
        return None if value is None else msgspec.Raw(mis_stamps.day(value, form))

    def _education(self, turn: int, first: date, last: date | None) -> dict[str, object]:
        return {
            "admission_number": f"{self.place + 1:05d}{turn}",
            "admission_date": self._stamp(first),
            "leaving_date": self._stamp(last),
            "current_nc_year": self._now("year_group") or None,
            "upn": self.person["upn"],
            "local_upn": None,
            "former_upn": None,
            "learner_number": None,
            "part_time": False,
        }

    def _extended(self, listing: Listing) -> dict[str, object]:
        status = str(self.person["enrolment_status"])
        return {
            "ethnicity": None,
            "ethnicity_code": self._now("ethnicity_minor") or None,
            "sen_status": self._sen(self._now("sen")),
            "free_school_meals": self._word(self._now("fsm")),
            "free_school_meals_6": self._word(self._now("fsm6")),
            "premium_pupil_indicator": self._word(self._now("pupil_premium")),
            "in_lea_care": self._word(self._now("looked_after")),
            "ever_in_care": self._word(self._now("previously_looked_after")),
            "first_language": "ENG",
            "religion": "Synthetic belief that nobody may collect",
            "enrolment_status": _ENROLMENT[self.product].get(status, status),
            "leaver_destination": "Elsewhere" if listing is Listing.LEAVER else None,
        }

    def _word(self, value: str) -> object:
        return _YES_NO[self.product].get(value)

    def _sen(self, value: str) -> object:
        return _SEN[self.product].get(value)

    def _now(self, item: str) -> str:
        """The value of a dated attribute today; blank where it is not known."""
        for value, first, last in reversed(self.spans.get(item, [])):
            if (first is None or first <= self.today) and (last is None or self.today <= last):
                return value
        return ""

    def _ranges(self, item: str, admission: date) -> list[dict[str, object]]:
        """The stretches in which an attribute held, as far as the school knows them today."""
        return [
            {
                "id": f"{self.history.key('student', self.place * 2)}{item}{number}",
                "start_date": self._stamp(first or admission),
                "end_date": self._stamp(last if last is not None and last <= self.today else None),
                **({"sen_status": self._sen(value)} if item == "sen" else {}),
            }
            for number, (value, first, last) in enumerate(self.spans.get(item, []))
            if value not in ("", "N") and (first or admission) <= self.today
        ]
