"""Small pictures of footage, to look over a strip: the key picture at or before a moment.

One key picture is read from its segment and decoded, no more. What was decoded is kept as a file for as long
as the footage itself is there, in a folder of bounded size; the file is asked for only after the index has
said that the footage still is.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from sqlalchemy import Engine

from data_access import footage
from data_access.engine import transaction
from data_access.footage import Segment
from media.byte_slices import FileSlice, FootageMissing
from media.footage_clips import Clip, clips_of, instant_of, ticks
from media.mp4_boxes import NotFragmentedMp4, children

log = logging.getLogger(__name__)

WIDTH = 320  # pixels
SWEPT_EVERY = 600  # seconds
_QUALITY = 72  # of the JPEG; about 10 kB a picture
_TIMESCALE = 90_000
_ONE_TICK = timedelta(microseconds=12)  # a little more than one, so that the moment itself is inside
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PICTURE_HEAD = 86  # bytes of a sample entry before its boxes
_CODECS = {b"avc1": "h264", b"avc3": "h264", b"hvc1": "hevc", b"hev1": "hevc"}
_KEPT_BYTES = 256 << 20
_LOOKED_THROUGH_EVERY = 500  # new files


@dataclass(frozen=True)
class Thumbnail:
    """A small picture and when it was taken."""

    taken_at: datetime
    jpeg: bytes = field(repr=False)


@dataclass(frozen=True)
class _KeyPicture:
    """A coded key picture in a file."""

    taken_at: datetime
    data: FileSlice
    sample_entry: bytes


def thumbnail(segment: Segment, at: datetime, footage_folder: Path) -> Thumbnail:
    """The key picture at or before `at`, `WIDTH` pixels wide at most.

    Args:
        segment: that has the moment.

    Raises:
        FootageMissing: the file is gone, too short, or cannot be decoded.
    """
    return _decoded(_key_picture(segment, at, footage_folder))


@dataclass
class Thumbnails:
    """Small pictures that are decoded once."""

    footage_folder: Path
    folder: Path  # of the files; nobody else's
    reserve: int = 0  # bytes: with less free space nothing new is kept
    most_bytes: int = _KEPT_BYTES
    _new: int = 0
    _pruning: threading.Lock = field(default_factory=threading.Lock)

    def of(self, segment: Segment, at: datetime) -> Thumbnail:
        """Like `thumbnail`, from the kept file where there is one."""
        found = _key_picture(segment, at, self.footage_folder)
        file = self.folder / str(segment.camera_id) / f"{_microseconds(found.taken_at)}.jpg"
        try:
            return Thumbnail(found.taken_at, file.read_bytes())
        except OSError:
            made = _decoded(found)
        self._keep(file, made.jpeg)
        return made

    def _keep(self, file: Path, jpeg: bytes) -> None:
        """Writes the file where there is room; without it the picture is decoded again the next time."""
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if shutil.disk_usage(file.parent).free < self.reserve:
                return
            part = file.with_suffix(f".{threading.get_ident()}")
            part.write_bytes(jpeg)
            part.replace(file)
        except OSError as error:
            log.warning("a thumbnail is not kept: %s", error)
            return
        self._new += 1
        if self._new >= _LOOKED_THROUGH_EVERY and self._pruning.acquire(blocking=False):
            try:
                self._new = 0
                self.prune()
            finally:
                self._pruning.release()

    def prune(self) -> None:
        """Deletes the files that were made first, until the rest is small enough."""
        known = sorted(((stat.st_mtime_ns, stat.st_size, file) for file, stat in self._files()), reverse=True)
        size = 0
        for _, length, file in known:
            size += length
            if size > self.most_bytes:
                file.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for file in self.folder.glob("*/*.jpg"):
            try:
                yield file, file.stat()
            except OSError:
                continue  # another thread was faster


@dataclass(frozen=True)
class Sweeping:
    """A keeper's duty: pictures go with the footage that they show.

    Until then nobody gets one: the index is asked first.
    """

    engine: Engine
    folder: Path

    def run(self) -> None:
        """Deletes the pictures of footage that is no more."""
        folders = [each for each in self.folder.iterdir() if each.is_dir()] if self.folder.is_dir() else []
        count = sum(self._swept(each) for each in folders)
        if count:
            log.info("%d thumbnails of expired footage deleted", count)

    def _swept(self, folder: Path) -> int:
        is_kept = _kept(self.engine, int(folder.name)) if folder.name.isdecimal() else _nothing
        gone = [file for file in folder.iterdir() if not is_kept(file)]
        for file in gone:
            file.unlink(missing_ok=True)
        return len(gone)


def folder_in(home: Path) -> Path:
    """Where an installation keeps its small pictures."""
    return home / "cache" / "thumbs"


def _nothing(_file: Path) -> bool:
    return False


def _kept(engine: Engine, camera_id: int) -> Callable[[Path], bool]:
    """Whether there still is footage of the moment that a file is named after."""
    long_ago, not_yet = _EPOCH, _EPOCH + timedelta(days=365 * 500)
    with transaction(engine) as session:
        runs = footage.runs_between(session, camera_id, long_ago, not_yet)

    def is_kept(file: Path) -> bool:
        if not file.stem.isdecimal() or file.suffix != ".jpg":
            return False
        at = _EPOCH + timedelta(microseconds=int(file.stem))
        return any(run.start <= at < run.end for run in runs)

    return is_kept


def _key_picture(segment: Segment, at: datetime, footage_folder: Path) -> _KeyPicture:
    file = footage_folder / segment.path
    try:
        (clip,) = clips_of([segment], segment.started_at, at + _ONE_TICK, _TIMESCALE)
        keys = np.flatnonzero(clip.sync & (clip.shown <= ticks(at, _TIMESCALE)))
        key = int(keys[-1])
        return _KeyPicture(
            taken_at=instant_of(int(clip.shown[key]), _TIMESCALE),
            data=_slice(clip, key, file),
            sample_entry=clip.video_format.sample_entry,
        )
    except (NotFragmentedMp4, KeyError, ValueError, IndexError) as error:
        raise FootageMissing(file) from error


def _slice(clip: Clip, number: int, file: Path) -> FileSlice:
    """Where the sample lies, counted from the first of the clip."""
    wanted = clip.first + number
    chunk = next(chunk for chunk in clip.chunks if chunk.first <= wanted < chunk.last)
    before = int(clip.sizes[chunk.first - clip.first : number].sum())
    return FileSlice(file, chunk.offset + before, int(clip.sizes[number]))


def _decoded(found: _KeyPicture) -> Thumbnail:
    coded = found.data.read(0, found.data.length)
    entry = found.sample_entry
    try:
        context = av.CodecContext.create(_CODECS[entry[4:8]], "r")
        assert isinstance(context, VideoCodecContext)
        context.thread_count = 1  # one picture: threads would cost more than they save
        context.extradata = _configuration(entry)
        frame = next(iter([*context.decode(Packet(coded)), *context.decode(None)]))
    except (av.FFmpegError, KeyError, StopIteration) as error:
        raise FootageMissing(found.data.file) from error
    return Thumbnail(found.taken_at, _jpeg(frame))


def _configuration(entry: bytes) -> bytes:
    """The decoder's parameters: the content of `avcC` or `hvcC` (ISO/IEC 14496-15)."""
    boxes = children(entry, _PICTURE_HEAD)
    return next((entry[box.body : box.end] for box in boxes if box.kind in {b"avcC", b"hvcC"}), b"")


def _jpeg(frame: av.VideoFrame) -> bytes:
    width = min(WIDTH, frame.width)
    height = max(2, round(frame.height * width / frame.width))
    encoded = BytesIO()
    small = frame.reformat(width=width, height=height)
    small.to_image().save(encoded, "JPEG", quality=_QUALITY)  # type: ignore[no-untyped-call]
    return encoded.getvalue()


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
