"""S3-compatible storage for archive copies; a module of its own, as its library takes a second to load."""

import contextlib
from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from media.archive_storage import CHUNK, target_of, unusable

_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


class S3Storage:
    """A bucket of S3-compatible storage: `s3://bucket/prefix?endpoint=https://host:9000&region=...`."""

    def __init__(self, url: str, key: str, secret: str) -> None:
        parts = urlsplit(url)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        endpoint = asked.get("endpoint")
        self._bucket = parts.netloc
        self._prefix = parts.path.strip("/")
        self.target = target_of(url)
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=asked.get("region") or "us-east-1",
            aws_access_key_id=key or None,
            aws_secret_access_key=secret or None,
            config=Config(
                connect_timeout=10,
                read_timeout=60,
                retries={"max_attempts": 3},
                s3={"addressing_style": "path"},
                # Many compatible servers do not know the newer checksums; we read everything back anyway.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def open(self, used_before: bool) -> None:
        with _told():
            self._client.head_bucket(Bucket=self._bucket)

    def size_of(self, name: str) -> int | None:
        with _told():
            try:
                found = self._client.head_object(Bucket=self._bucket, Key=self._key(name))
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in _MISSING:
                    return None
                raise
            return int(found["ContentLength"])

    def put(self, name: str, source: IO[bytes]) -> None:
        with _told():
            self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=source)

    def read(self, name: str) -> Iterator[bytes]:
        with _told():
            body = self._client.get_object(Bucket=self._bucket, Key=self._key(name))["Body"]
            with contextlib.closing(body):
                yield from body.iter_chunks(CHUNK)

    def remove(self, name: str) -> None:
        with _told():
            self._client.delete_object(Bucket=self._bucket, Key=self._key(name))

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (OSError, BotoCoreError, ClientError) as error:
        raise unusable(error) from error
