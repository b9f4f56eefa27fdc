"""earthmover, Ed-Fi's tool for this work, told in YAML and Jinja as its own documentation tells it.

`marks` is `events` or `weeks`, see `etl_ours`. It maps and renames columns, formats dates, groups, and renders a
template for each row; it checks nothing of a cell. Its change detection is off, for it would read the input once more.
Source: the project's documentation of `map_values`, `rename_columns`, `date_format`, `group_by` and `linearize`.
"""

import logging
from functools import partial

from earthmover.earthmover import Earthmover

from tallyroll.engines.rivals import child
from tallyroll.engines.rivals.question import Asked, digest

_CONFIG = """\
version: 2
config:
  output_dir: {folder}/earthmover
  tmp_dir: {folder}
  show_progress: False
sources:
  attendance:
    file: {folder}/attendance.tsv
    header_rows: 1
transformations:
  {name}:
    source: $sources.attendance
    operations:
      - operation: map_values
        column: attended
        mapping:
          "TRUE": present
          "FALSE": absent
{further}destinations:
  {name}:
    source: $transformations.{name}
    template: {folder}/{name}.jsont
    extension: jsonl
    linearize: True
"""
_WEEKS = """\
      - operation: date_format
        column: day
        from_format: "%Y-%m-%d"
        to_format: "%G-W%V"
      - operation: group_by
        group_by_columns: [school_id, day, attended]
        create_columns:
          n: count()
"""
_TEMPLATES = {
    "events": '{"day": "{{day}}", "schoolId": "{{school_id}}", "session": "{{session}}", '
    '"studentId": "{{student_id}}", "status": "{{attended}}", "duration": "{{duration}}"}',
    "weeks": '{"schoolId": "{{school_id}}", "week": "{{day}}", "status": "{{attended}}", "n": {{n}}}',
}


def open_session(asked: Asked) -> child.Ask:
    """The tool with a configuration of our own."""
    name, folder = asked.marks, asked.folder
    config = folder / f"{name}.yaml"
    further = _WEEKS if name == "weeks" else ""
    config.write_text(_CONFIG.format(folder=folder, name=name, further=further), encoding="utf-8")
    (folder / f"{name}.jsont").write_text(_TEMPLATES[name], encoding="utf-8")
    logger = logging.getLogger("earthmover")
    logger.setLevel(logging.ERROR)

    def ask() -> child.Found:
        mover = Earthmover(str(config), logger, force=True, skip_hashing=True)
        mover.generate("*")
        return child.Found(partial(digest, folder / "earthmover" / f"{name}.jsonl"))

    return ask


if __name__ == "__main__":
    child.main(open_session, product="earthmover")
