"""A bug planted in the kernel is noticed by the comparison with plain Python: every twelfth of the list, each run."""

import subprocess
import sys
from pathlib import Path


def test_bugs_planted_in_the_kernel_are_noticed() -> None:
    """Those of which the lines have changed are passed over here, up to half of them: a run by hand names them."""
    command = [sys.executable, "-m", "tests.lib.kernel_mutants", "12"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    answers = [line.rsplit(": ", 1)[-1] for line in done.stdout.splitlines() if "NOT PLANTED" not in line]
    assert len(answers) >= 5, done.stdout + done.stderr
    assert set(answers) == {"noticed"}, done.stdout
