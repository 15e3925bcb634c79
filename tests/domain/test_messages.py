"""Every kind of message ever shipped stays readable (REL-16, style rule 7).

The samples are bytes as a station wrote them. A sample is never changed; a new shape is a new kind with a new version.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kontuar.domain.documents.messages import BODIES, Message, approved_kind, cancelled_kind, read_body
from kontuar.domain.documents.types import TYPES
from kontuar.kernel.canonical import decode, encode

SAMPLES = Path(__file__).parent / "samples"


def sample(kind: str) -> bytes:
    return (SAMPLES / f"{kind.replace('/', '-')}.json").read_bytes()


def keeps(written: Any, read: Any) -> bool:
    """Whether everything that was written is still there after reading; newer fields may have come with defaults."""
    if isinstance(written, dict):
        return isinstance(read, dict) and all(keeps(value, read.get(name, ...)) for name, value in written.items())
    if isinstance(written, list):
        return isinstance(read, list) and len(written) == len(read) and all(map(keeps, written, read))
    return bool(written == read)


def same_shape(one: Any, other: Any) -> bool:
    """Whether the same fields stand at every depth; a field that came later is written with its default."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_shape(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_shape, one, other))
    return True


def test_every_kind_has_a_sample_and_every_sample_a_kind() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == {kind.replace("/", "-") for kind in BODIES}


@pytest.mark.parametrize("kind", BODIES)
def test_a_stored_message_is_read_without_losing_anything(kind: str) -> None:
    """REL-16."""
    message = decode(sample(kind), Message)
    assert message.kind == kind
    body = read_body(message)
    assert isinstance(body, BODIES[kind])
    assert keeps(json.loads(bytes(message.body)), json.loads(encode(body)))


@pytest.mark.parametrize("kind", BODIES)
def test_reading_and_writing_again_gives_the_same_bytes_as_long_as_the_shape_is_the_same(kind: str) -> None:
    """HUB-10: canonical bytes."""
    message = decode(sample(kind), Message)
    again = encode(read_body(message))
    if same_shape(json.loads(again), json.loads(bytes(message.body))):
        assert again == bytes(message.body)
    assert encode(message) == sample(kind)


def test_a_kind_from_the_future_is_kept_and_not_understood() -> None:
    """REL-16."""
    message = decode(sample("receipt.approved/1"), Message)
    assert read_body(msgspec.structs.replace(message, kind="receipt.approved/9")) is None


def test_a_known_kind_in_another_shape_is_an_error_and_no_guess() -> None:
    message = decode(sample("receipt.approved/1"), Message)
    with pytest.raises(msgspec.DecodeError):
        read_body(msgspec.structs.replace(message, body=msgspec.Raw(b'{"doc_id":1}')))


def test_each_type_tells_when_it_was_approved_and_when_cancelled() -> None:
    for name in TYPES:
        assert {approved_kind(name), cancelled_kind(name)} <= set(BODIES)
