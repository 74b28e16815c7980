"""Writing to a bucket, with a server that speaks S3's language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from livecaption.egress.s3 import NotStored, S3Place, S3Store, parse_s3
from livecaption.errors import OperatorError
from tests.buckets import bucket_named


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with bucket_named("captions", monkeypatch) as client:
        yield client


async def test_an_object_lies_where_it_was_put(bucket: Any) -> None:
    await S3Store().put(S3Place("captions", "a/b"), "j_1.vtt", b"WEBVTT\n", "text/vtt")
    found = bucket.get_object(Bucket="captions", Key="a/b/j_1.vtt")
    assert (found["Body"].read(), found["ContentType"]) == (b"WEBVTT\n", "text/vtt")


async def test_a_bucket_that_is_not_there_is_said(bucket: Any) -> None:
    with pytest.raises(NotStored, match="NoSuchBucket"):
        await S3Store().put(S3Place("nowhere", ""), "j_1.json", b"{}", "application/json")


@pytest.mark.parametrize(
    ("text", "bucket_name", "key"),
    [
        ("s3://captions", "captions", "x"),
        ("s3://captions/", "captions", "x"),
        ("s3://my.captions/a/b/", "my.captions", "a/b/x"),
    ],
)
def test_places_are_read(text: str, bucket_name: str, key: str) -> None:
    place = parse_s3(text)
    assert (place.bucket, place.key("x")) == (bucket_name, key)
    assert parse_s3(str(place)) == place


@pytest.mark.parametrize("text", ["captions", "https://captions", "s3://", "s3://A_b/c", "s3://a"])
def test_other_places_are_refused(text: str) -> None:
    with pytest.raises(OperatorError, match="s3://BUCKET/PREFIX"):
        parse_s3(text)
