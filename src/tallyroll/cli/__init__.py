"""The terminal door: the same flows, with progress, `--json`, plain errors and documented exit codes.

Exit codes: 0 done, 1 bug, 2 usage, 3 refused by the gate, 4 input has findings, 5 protection failed,
6 verification failed, 130 stopped with Ctrl-C.
"""

from tallyroll.cli.main import main

__all__ = ["main"]
