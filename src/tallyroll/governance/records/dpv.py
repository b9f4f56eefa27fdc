"""The manifest as JSON-LD in the words of the W3C Data Privacy Vocabulary (DPV 2.3): a context, and nothing rewritten.

The keys stay the manifest's; the context says what they mean. What the vocabulary has no word for keeps a name of ours
(`urn:tallyroll:manifest:`). Its legal terms are those of the EU's GDPR: it has none yet for the articles of the UK's.
An item names its term as `pd:Ethnicity` or by its full address; `dpv:` does not work there, for the key is `dpv` too.
"""

import json
from functools import cache
from importlib.resources import files

from tallyroll.governance.manifest import Manifest

OURS = "urn:tallyroll:manifest:"
_KINDS = ["dpv:Process", "dpv:DPIA"]
_PEOPLE = [{"@id": "dpv:Student"}, {"@id": "dpv:Child"}]


def json_ld(manifest: Manifest) -> str:
    """The manifest as JSON-LD; each purpose, risk and measure has an address under the manifest's digest."""
    context = json.loads(_data("context.jsonld").replace("{digest}", manifest.digest))
    document = {**context, "@type": _KINDS, "dpv:hasDataSubject": _PEOPLE, **json.loads(manifest.canonical)}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


@cache
def terms() -> frozenset[str]:
    """Every term of DPV 2.3 and of Dublin Core that the context may lead to, by its full address."""
    lines = _data("dpv-terms.txt").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _data(name: str) -> str:
    return files("tallyroll.governance.records").joinpath(f"data/{name}").read_text(encoding="utf-8")
