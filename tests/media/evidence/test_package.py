"""What is in a package: footage as a download gives it, what is missing, who looked, and nothing secret."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import pypdf
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.footage_range import FootageRange
from dashboard.virtual_files import open_range
from data_access import audit, cameras, footage_events
from data_access.evidence import PackagePart
from data_access.models import AuditEntry, SessionEvent, TradingSession
from domain.vocabulary import ExportStatus, FootageEventKind, RoomType, SessionStatus, SessionType
from media.evidence import camera_files
from media.evidence.gathered import CameraFacts
from media.evidence.verify import verify
from media.virtual_mp4 import build
from tests.dashboard.footage_archive import NINE, OPENING
from tests.media.evidence.packages import NOW, WHOLE, Office
from tests.media.made_footage import make_segment

VIDEO = "录像/01_开标一室-全景_20251120-090000_20251120-090022.mp4"


def opened(package: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(package) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def rows_of(files: dict[str, bytes], name: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(files[name].decode("utf-8-sig"))))


def manifest_of(files: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files["manifest.json"])
    return found


def add_session(desk: Office, *, begun: bool) -> int:
    with Session(desk.archive.engine) as session, session.begin():
        camera = cameras.camera_by_id(session, desk.archive.opening)
        assert camera
        held = TradingSession(
            source_system="test",
            source_key="1",
            code="KB-001",
            type=SessionType.OPENING,
            room_id=camera.room_id,
            planned_start=NINE,
            actual_start=NINE if begun else None,
            status=SessionStatus.OPEN if begun else SessionStatus.SCHEDULED,
            bidder_count=7,
        )
        session.add(held)
        session.flush()
        for kind, actor, note in (("check_in", "甲建设公司", "到场"), ("pause", "", "甲建设公司询问")):
            session.add(SessionEvent(session_id=held.id, at=NINE, kind=kind, actor=actor, note=note))
        return held.id


def test_the_video_is_the_download_byte_for_byte_and_everything_else_is_there(desk: Office) -> None:
    with Session(desk.archive.engine) as session, session.begin():
        for camera_id, start in ((desk.archive.opening, WHOLE[0]), (desk.archive.opening, NOW)):
            detail = {
                "camera_id": camera_id,
                "from": start.isoformat(),
                "to": (start + timedelta(hours=1)).isoformat(),
            }
            audit.record(session, actor="zhao", action="play_footage", subject=OPENING, detail=detail, at=NOW)
        audit.record(session, actor="zhao", action="sign_in", subject="zhao", at=NOW)
        at = NINE + timedelta(seconds=3)
        footage_events.record(
            session, desk.archive.opening, FootageEventKind.CLOCK_STEP, at, seconds=-1.5, detail="=1"
        )
    asked = desk.ask(desk.wang, desk.archive.opening)
    package = desk.build(asked)
    assert verify(package).faults == ()
    files = opened(package)
    assert list(files) == [
        "public-key.pem",
        "verify.html",
        VIDEO,
        "缺口/01_开标一室-全景_缺口.csv",
        "缺口/01_开标一室-全景_录像事件.csv",
        "审计日志摘录.csv",
        "封面说明.pdf",
        "manifest.json",
        "manifest.sig",
    ]
    download = open_range(desk.archive.opening, FootageRange(*WHOLE))
    assert files[VIDEO] == b"".join(download.read())
    _, gap = rows_of(files, "缺口/01_开标一室-全景_缺口.csv")
    assert gap[:4] == ["2025-11-20 09:00:08.000", "2025-11-20 09:00:18.000", "10秒", "网络中断"]
    assert gap[4] == "2025-11-20 09:00:08 起无录像 10秒，网络中断。"
    (_, event) = rows_of(files, "缺口/01_开标一室-全景_录像事件.csv")
    assert event == ["2025-11-20 09:00:03.000", "服务器时钟被调整", "-1.500", "'=1"]
    log = [(row[2], row[3]) for row in rows_of(files, "审计日志摘录.csv")[1:]]
    assert log == [("zhao", "播放录像"), ("wang", "申请证据包")]
    ready = desk.now(asked)
    assert (ready.status, ready.size) == (ExportStatus.READY, package.stat().st_size)
    with Session(desk.archive.engine) as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert last
        assert (last.action, last.subject) == ("build_evidence", asked.number)
    assert sorted(file.name for file in desk.exports.iterdir()) == [f"{asked.number}.zip", "building"]


def test_the_list_tells_the_chain_of_segments_and_the_cover_the_same_in_words(desk: Office) -> None:
    files = opened(desk.build(desk.ask(desk.wang, desk.archive.opening)))
    listed = manifest_of(files)
    (camera,) = listed["cameras"]
    assert [link["sha256"] for link in camera["chain"]] == [
        segment.sha256.hex() for segment in desk.archive.segments
    ]
    assert {link["file"] for link in camera["chain"]} == {"same"}
    assert camera["files"] == [VIDEO]
    assert listed["case_no"] == "纪〔2025〕7 号"
    cover = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(files["封面说明.pdf"])).pages)
    for word in ("录像证据包", "ZJ-20251120-0001", "核查投诉", "开标一室-全景", "网络中断", "verify.html"):
        assert word in cover
    sha256 = next(file["sha256"] for file in listed["files"] if file["name"] == VIDEO)
    assert sha256 in cover


@pytest.mark.parametrize("begun", [False, True])
def test_before_the_opening_nothing_tells_of_bidders(desk: Office, begun: bool) -> None:
    asked = desk.ask(desk.wang, desk.archive.opening, session_id=add_session(desk, begun=begun))
    files = opened(desk.build(asked))
    facts = dict(rows_of(files, "场次/场次信息.csv"))
    assert facts["场次编号"] == "KB-001"
    assert facts["投标人数"] == ("7 家" if begun else "开标前不公开")
    del files[VIDEO]
    told = b"".join(files.values()).decode(errors="replace")
    assert ("甲建设公司" in told) is begun
    assert "KB-001" in told


def test_a_changed_or_missing_segment_is_told_and_the_rest_is_still_there(desk: Office) -> None:
    first, second, third = (desk.archive.folder / one.path for one in desk.archive.segments)
    content = bytearray(first.read_bytes())
    content[-1] ^= 1
    first.write_bytes(content)
    third.unlink()
    package = desk.build(desk.ask(desk.wang, desk.archive.opening))
    assert verify(package).faults == ()
    files = opened(package)
    links = manifest_of(files)["cameras"][0]["chain"]
    assert [link["file"] for link in links] == ["changed", "same", "missing"]
    cover = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(files["封面说明.pdf"])).pages)
    assert "不一致" in cover
    assert desk.archive.segments[0].path in cover
    assert "录像文件缺失或不完整" in files["缺口/01_开标一室-全景_缺口.csv"].decode("utf-8-sig")
    assert second.exists()


def test_the_log_tells_who_looked_but_not_what_another_case_is_about(desk: Office) -> None:
    other = desk.ask(desk.li, desk.archive.opening, reason="另案秘密", case_no="另案 9 号")
    desk.build(other)
    files = opened(desk.build(desk.ask(desk.wang, desk.archive.opening)))
    told = files["审计日志摘录.csv"].decode("utf-8-sig")
    assert other.number in told
    assert "核查投诉" in told
    assert "另案" not in told


def test_each_picture_format_is_a_file_of_its_own(tmp_path: Path) -> None:
    starts, sizes = [NINE, NINE + timedelta(seconds=2)], [(192, 48), (384, 96)]
    segments = [
        make_segment(tmp_path, start, 2, size=size) for start, size in zip(starts, sizes, strict=True)
    ]
    part = PackagePart(1, "全景", "开标一室", RoomType.BID_OPENING, NINE, NINE + timedelta(seconds=4))
    camera = camera_files.check(CameraFacts(part, segments, [], [], [], []), 1, tmp_path, lambda _count: None)
    found = list(camera_files.videos(camera, tmp_path))
    assert [name for name, _ in found] == [
        "01_全景_20251120-090000_20251120-090002.mp4",
        "01_全景_20251120-090002_20251120-090004.mp4",
    ]
    second = build(segments, starts[1], part.end, tmp_path)
    assert b"".join(found[1][1].read()) == b"".join(second.read())


def test_a_watermarked_copy_is_a_second_file_that_plays_to_the_same_times(desk: Office) -> None:
    files = opened(desk.build(desk.ask(desk.wang, desk.archive.opening, watermarked=True)))
    name = "水印副本（非原件）/01_开标一室-全景_20251120-090000_20251120-090022_水印副本.mp4"
    assert list(files).index(name) == list(files).index(VIDEO) + 1
    times, pictures = {}, {}
    for each in (VIDEO, name):
        with av.open(io.BytesIO(files[each]), "r") as video:
            frames = [(frame.time, frame) for frame in video.decode(video=0)]
            times[each] = [time for time, _ in frames]
            pictures[each] = frames[30][1].to_ndarray(format="gray")
            assert video.streams.video[0].codec_context.name == "h264"
            assert len(video.streams.audio) == 1
    assert times[name] == pytest.approx(times[VIDEO], abs=0.001)
    foot = pictures[name][-12:]
    assert abs(foot.astype(int) - pictures[VIDEO][-12:]).mean() > 20  # the line at the foot is burnt in


def test_a_package_that_cannot_be_built_says_why_and_is_built_again_on_demand(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from data_access import evidence_requests, footage_holds
    from media.evidence import builder, duties

    asked = desk.ask(desk.wang, desk.archive.opening)
    with monkeypatch.context() as full:
        full.setattr(builder, "_SPARE", 1 << 60)
        assert duties.build_next(desk.archive.engine, desk.archive.folder, desk.exports, NOW)
    failed = desk.now(asked)
    assert failed.status is ExportStatus.FAILED
    assert "空间不足" in failed.error
    with Session(desk.archive.engine) as session:
        assert footage_holds.kept_stretches(session, desk.archive.opening, *WHOLE)
    assert not duties.build_next(desk.archive.engine, desk.archive.folder, desk.exports, NOW)
    with Session(desk.archive.engine) as session, session.begin():
        evidence_requests.build_again(session, asked.id, person=desk.wang, at=NOW)
    assert verify(desk.build(asked)).faults == ()


def test_what_a_killed_builder_left_is_written_anew_and_only_one_builds_at_a_time(desk: Office) -> None:
    import fcntl

    from media.evidence import duties

    asked = desk.ask(desk.wang, desk.archive.opening)
    desk.exports.mkdir()
    (desk.exports / f"{asked.number}.zip.part").write_bytes(b"half a package")
    with (desk.exports / "building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not duties.build_next(desk.archive.engine, desk.archive.folder, desk.exports, NOW)
        assert desk.now(asked).status is ExportStatus.APPROVED
    assert verify(desk.build(asked)).faults == ()


def test_every_camera_has_its_files(desk: Office) -> None:
    asked = desk.ask(desk.wang, desk.archive.opening, desk.archive.evaluation)
    desk.decide(asked, desk.li)
    files = opened(desk.build(asked))
    videos = [name for name in files if name.endswith(".mp4")]
    assert [name.split("_")[0] + name.split("_")[1] for name in videos] == [
        "录像/01开标一室-全景",
        "录像/02评标室-全景",
    ]
    cover = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(files["封面说明.pdf"])).pages)
    assert "第三十八条" in cover
