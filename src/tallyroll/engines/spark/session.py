"""Spark sessions: the one that is there, as in a notebook or a job, or else one of our own on this machine."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from pyspark.errors import PySparkRuntimeError
from pyspark.sql import SparkSession

from tallyroll.engines.spark.java import java_home
from tallyroll.vocab.errors import UsageProblem

_OWN = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.io.encryption.enabled": "true",  # what passes between tasks lies on disk, and a pupil's row is in it
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "8",  # not 200: this is one machine
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


@contextmanager
def spark_session(*, master: str) -> Iterator[SparkSession]:
    """The session that is active here, or else a new one at `master`, stopped at the end of the block.

    Of a session that is there nothing is assumed and nothing changed; inside `spark-submit` its own master counts.
    Raises: UsageProblem when Spark cannot start here.
    """
    found = SparkSession.getActiveSession()
    if found is not None:
        yield found
        return
    with TemporaryDirectory(prefix="tallyroll-spark-") as desk:
        made = _started(master, desk)
        try:
            yield made
        finally:
            made.stop()


def _started(master: str, desk: str) -> SparkSession:
    """A new session; its files lie in `desk`."""
    builder = SparkSession.builder.appName("tallyroll")
    if "PYSPARK_GATEWAY_PORT" not in os.environ:
        os.environ["JAVA_HOME"] = str(java_home())
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        places = {"spark.local.dir": desk, "spark.sql.warehouse.dir": f"{desk}/warehouse"}
        builder = builder.master(master).config(map={**_OWN, **places})
    try:
        return builder.getOrCreate()
    except PySparkRuntimeError as error:
        what = "Spark did not start; it says why above."
        mend = "It needs Java 17, 21 or 25, a free port on this machine and about 2 GB of memory."
        raise UsageProblem(what, where=master, mend=mend) from error
