"""`count_lake`: areas of registers that outgrew one machine, counted by the cluster that holds them."""

from datetime import date, datetime

import pyarrow as pa

from tallyroll.engines.registry import Lake
from tallyroll.governance import Permit
from tallyroll.tally import statements
from tallyroll.tally.area_counts import Admission, in_order
from tallyroll.tally.areas import PHASES, AreaCells, Areas, values_of
from tallyroll.tally.definitions import Definition
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.shapes import SPANS


def count_lake(
    permit: Permit,
    lake: Lake,
    schools: pa.Table,
    *,
    definition: Definition,
    first: date,
    last: date,
    now: datetime,
    out: str,
) -> Areas:
    """The areas of these schools of the lake from first to last, whose counts are written to the new folder `out`.

    Law:    the areas that `count_areas` gives of the same registers.
    Raises: Refused outside the permit, before a row is read; VerificationProblem when registers are not as written.
    """
    if last < first:
        raise UsageProblem(f"The window ends on {last}, before {first}.", mend="Turn the dates round.")
    ordered = in_order(definition)
    admitted = Admission(permit, ordered, first, last, now).admit(schools, SPANS.empty_table())["schools"]
    plan = statements.plan(ordered)
    lake.count(plan, admitted.append_column("la", schools["la"]), phases=PHASES, first=first, last=last, out=out)
    found = {la: AreaCells.of(counts) for la, counts in lake.counts(plan, phases=PHASES, out=out)}
    return Areas(
        values=values_of(ordered.characteristics),
        windows=((first, last),),
        authorities={la: one for la, one in found.items() if one.cells.any()},
        contributors={Urn(one["urn"]): one["la"] for one in schools.to_pylist()},
        schools_open=sum(int(one.enrolment_schools[:, :, 0].sum()) for one in found.values()),
    )
