"""What every part of a manifest is made of: the closed and frozen table, and the kinds of text in it."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from tallyroll.vocab.durations import Duration

Text = Annotated[str, Field(max_length=4000)]
Sentence = Annotated[str, Field(min_length=3, max_length=2000)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,63}$")]
Digest = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
LocalAuthority = Annotated[str, Field(pattern=r"^[0-9]{3}$")]
Span = Annotated[
    Duration,
    BeforeValidator(lambda value: Duration.parse(value) if isinstance(value, str) else value),
    PlainSerializer(lambda value: value.text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?$"}),
]


class Clause(BaseModel):
    """Any part of a manifest: closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, arbitrary_types_allowed=True)
