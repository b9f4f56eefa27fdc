"""The terminal door: the same flows, with progress, `--json`, plain errors and documented exit codes."""


def main() -> None:
    """Run the command."""
