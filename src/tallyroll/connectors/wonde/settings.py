"""Settings of the connector, read once from plain text. The token has no default and never shows itself."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from yarl import URL

from tallyroll.vocab.errors import UsageProblem

DEFAULT_URL = URL("https://api.wonde.com/v1.0")
WHERE = "wonde settings"
TOKEN_KEYS = ("token", "token_file", "token_env")


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach the service and how hard to try. Times in seconds."""

    token: str = field(repr=False)
    base_url: URL = DEFAULT_URL
    concurrency: int = 8  # requests under way at once
    per_page: int = 500  # largest pages differ per endpoint; a smaller answer is followed all the same
    timeout_s: float = 60.0  # one request
    budget_s: float = 900.0  # one school, with all its retries
    max_tries: int = 5
    backoff_s: float = 0.5  # first pause; doubles each time
    full_sync_days: int = 7  # deltas may miss something; a whole reading every so often may not
    overlap_s: float = 3600.0  # how far a delta reaches back behind the reading before it
    seed: int = 1  # of the jitter
    regions: frozenset[str] = frozenset()  # further hosts (host or host:port) that may be given the token


_NUMBERS: dict[str, tuple[type[int] | type[float], float, float]] = {
    # key: type, smallest, largest
    "concurrency": (int, 1, 256),
    "per_page": (int, 1, 10_000),
    "timeout_s": (float, 0.01, 3600),
    "budget_s": (float, 0.01, 86_400),
    "max_tries": (int, 1, 20),
    "backoff_s": (float, 0, 60),
    "full_sync_days": (int, 1, 366),
    "overlap_s": (float, 0, 604_800),
    "seed": (int, 0, 2**63),
}


def read(settings: Mapping[str, str]) -> Settings:
    """The settings in this text; UsageProblem names every key that is missing, unknown or out of bounds."""
    known = {*TOKEN_KEYS, "base_url", "regions", *_NUMBERS}
    faults = [f"'{key}' is not a setting" for key in sorted(set(settings) - known)]
    numbers: dict[str, float] = {}
    for key, (kind, least, most) in _NUMBERS.items():
        if key not in settings:
            continue
        try:
            numbers[key] = kind(settings[key])
        except ValueError:
            numbers[key] = least - 1
        if not least <= numbers[key] <= most:
            faults.append(f"'{key}' is a number from {least:g} to {most:g}")
    if faults:
        raise UsageProblem(f"{'; '.join(faults)}.", where=WHERE, mend=f"Known: {', '.join(sorted(known))}.")
    regions = frozenset(host.strip() for host in settings.get("regions", "").split(",") if host.strip())
    base_url = _base_url(settings.get("base_url", str(DEFAULT_URL)))
    return Settings(token=_token(settings), base_url=base_url, regions=regions, **numbers)  # type: ignore[arg-type]  # each number has the type that _NUMBERS names


def _base_url(text: str) -> URL:
    """The address of the service: encrypted, unless it is this very machine."""
    try:
        url = URL(text.rstrip("/"))
    except ValueError:  # brackets that do not close, a port that no machine has
        url = URL()
    if url.host is None or url.scheme not in ("http", "https") or url.user or url.query_string:
        raise UsageProblem("'base_url' is not an address.", where=WHERE, mend=f"Write {DEFAULT_URL}")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise UsageProblem("'base_url' is not encrypted.", where=WHERE, mend="Write https:// before the address.")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _token(settings: Mapping[str, str]) -> str:
    """The token, from wherever it is kept; its text stands in no message."""
    given = [key for key in TOKEN_KEYS if key in settings]
    if len(given) != 1:
        raise UsageProblem(
            "The token is not given, or twice.", where=WHERE, mend=f"Set one of {', '.join(TOKEN_KEYS)}."
        )
    text, place = settings[given[0]], ""
    if given[0] == "token_file":
        place = f" in the file {text}"
        try:
            text = Path(text).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise UsageProblem(f"The token{place} cannot be read.", where=WHERE, mend="Check the file.") from None
    elif given[0] == "token_env":
        place = f" in the environment variable {text}"
        text = os.environ.get(text, "")
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageProblem(f"The token{place} is empty or damaged.", where=WHERE, mend="Copy it again from Wonde.")
    return token
