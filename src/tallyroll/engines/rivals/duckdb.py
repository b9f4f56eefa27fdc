"""DuckDB, tuned by its own manual: threads, no order kept, a limit to memory.

Source: duckdb.org, Performance Guide: `preserve_insertion_order`, `memory_limit`, `threads`. Grouping sets are a
tenth cheaper for it than a union of group-bys.
"""

import duckdb

from tallyroll.engines.rivals import child
from tallyroll.engines.rivals.question import Answer, Asked, Dialect, statements

GROUPING_SETS = True


def open_session(asked: Asked) -> child.Ask:
    """A session of DuckDB over the files."""
    session = duckdb.connect(
        config={"threads": asked.threads, "preserve_insertion_order": False, "memory_limit": "14GB"}
    )
    dialect = Dialect(f"'{asked.marks_file}'", f"'{asked.stretches_file}'", GROUPING_SETS)

    def ask() -> Answer:
        return tuple(int(each) for one in statements(asked, dialect) for each in session.execute(one).fetchone() or ())

    return ask


if __name__ == "__main__":
    child.main(open_session, product="duckdb")
