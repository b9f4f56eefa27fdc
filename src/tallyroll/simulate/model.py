"""What a synthetic school's year looks like in memory: the one shape that the generator writes and the MIS serves."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.vocab.schools import School, SchoolCalendar

Marks = npt.NDArray[np.uint8]

PUPILS = pa.schema(
    [
        ("pupil", pa.string()),  # stable key, as a supplier's `upi`
        ("upn", pa.string()),
        ("forename", pa.string()),  # synthetic, so that tests can prove that names are never taken
        ("surname", pa.string()),
        ("birth", pa.date32()),
        ("sex", pa.string()),  # F or M
        ("admission", pa.date32()),
        ("leaving", pa.date32()),  # null: still here
        ("enrolment_status", pa.string()),  # C current, M main (dual), S subsidiary (dual)
    ]
)
"""One row per enrolment, in roll order; the row's place is the pupil's place in the marks."""

STATUS = pa.schema(
    [
        ("place", pa.int32()),  # the pupil's row in PUPILS
        ("item", pa.string()),  # name of a characteristic of vocab.characteristics.ROLL_CHARACTERISTICS
        ("value", pa.string()),  # code of one of its values
        ("first", pa.date32()),  # null: from admission
        ("last", pa.date32()),  # null: to leaving
    ]
)
"""One row per dated attribute."""


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """One synthetic school's roll, calendar and marks for one academic year.

    `final[p, d, s]` is the mark of pupil p on `days[d]` in session s (0 morning, 1 afternoon) once settled, as the
    number of an attendance code, 0 where none was ever made. `entered` is the mark as first entered, and
    `settles[p, d, s]` counts the school days until `final` replaced it (0: at once).
    """

    school: School
    calendar: SchoolCalendar
    days: tuple[date, ...]
    pupils: pa.Table
    status: pa.Table
    final: Marks
    entered: Marks
    settles: Marks

    def marks_at(self, day: date) -> Marks:
        """The marks that the school's system shows at the end of `day`: later sessions are 0."""
        seen = np.searchsorted(np.array(self.days, dtype="datetime64[D]"), np.datetime64(day), side="right")
        age = seen - 1 - np.arange(len(self.days))[None, :, None]
        shown = np.where(age >= self.settles, self.final, self.entered)
        shown[:, seen:, :] = 0
        return shown.astype(np.uint8)
