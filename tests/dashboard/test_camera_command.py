"""`camera add | list | set | remove` on a real database, with files for cameras."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from dashboard.__main__ import main
from data_access import cameras
from data_access.footage_policy import Policy, PolicyOrigin, policy_of
from data_access.models import AuditEntry
from domain.vocabulary import RecordingPolicy, RoomType
from tests.media.camera_clip import SIZE, make_clip
from tests.media.rtsp_server import free_port

ROOM, NAME = "开标一室", "开标一室-球机"


pytestmark = pytest.mark.usefixtures("configured")


@pytest.fixture
def room(engine: Engine) -> int:
    with Session(engine) as session, session.begin():
        return cameras.add_room(session, ROOM, RoomType.BID_OPENING).id


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.ts", 2.2)


def add(*arguments: str, url: object) -> int:
    return main(["camera", "add", "--room", ROOM, "--name", NAME, "--url", str(url), *arguments])


def stored(engine: Engine) -> cameras.CameraRow | None:
    with Session(engine) as session:
        return cameras.camera_named(session, NAME)


@pytest.mark.usefixtures("room")
def test_a_camera_is_probed_and_added(engine: Engine, clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(url=clip) == 0
    told = capsys.readouterr().out
    for fact in ("h264", f"{SIZE[0]} x {SIZE[1]}", "frame rate: 25", "GOP: 1 s", "B-frames: 无", "aac"):
        assert fact in told
    found = stored(engine)
    assert found is not None
    assert (found.room_name, found.url, found.codec, found.gop_seconds) == (ROOM, str(clip), "h264", 1.0)
    assert (found.has_b_frames, found.audio_codec, found.enabled) == (False, "aac", True)


@pytest.mark.usefixtures("room")
def test_adding_and_removing_are_noted(engine: Engine, clip: Path) -> None:
    add(url=clip)
    main(["camera", "remove", NAME])
    with Session(engine) as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [(entry.action, entry.subject) for entry in entries] == [
            ("camera_add", NAME),
            ("camera_remove", NAME),
        ]
        assert entries[0].detail == {"room": ROOM, "url": str(clip), "record": "always"}


@pytest.mark.usefixtures("room")
def test_a_camera_is_recorded_for_sessions_only_where_that_is_said(
    engine: Engine, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add("--record", "sessions", url=clip) == 0
    found = stored(engine)
    assert found is not None
    assert found.recording_policy == RecordingPolicy.SESSIONS
    assert main(["camera", "set", NAME, "--record", "always"]) == 0
    capsys.readouterr()
    assert main(["camera", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["record"] == "always"
    assert main(["camera", "set", "没有的", "--record", "always"]) == 2
    with Session(engine) as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "camera_recording"))
        assert (entry.subject, entry.detail) == (NAME, {"record": "always"})


@pytest.mark.usefixtures("room")
def test_footage_of_a_camera_is_kept_for_as_many_days_as_is_said(
    engine: Engine, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(url=clip) == 0
    assert main(["camera", "set", NAME]) == 2
    assert main(["camera", "set", NAME, "--online-days", "90"]) == 0
    capsys.readouterr()
    assert main(["camera", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["online_days"] == 90
    found = stored(engine)
    assert found is not None
    with Session(engine) as session:
        assert policy_of(session, found.id) == Policy(90, PolicyOrigin.CAMERA)
    assert main(["camera", "set", NAME, "--online-days", "default"]) == 0
    with Session(engine) as session:
        assert policy_of(session, found.id).origin is PolicyOrigin.INSTALLATION
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "camera_days").order_by(AuditEntry.id)
        )
        noted = [entry.detail for entry in entries]
    assert noted == [{"days": 90, "before": None}, {"days": None, "before": 90}]
    for wrong in ("0", "3651", "soon"):
        with pytest.raises(SystemExit):
            main(["camera", "set", NAME, "--online-days", wrong])


@pytest.mark.usefixtures("room")
def test_b_frames_and_long_gops_are_warned_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(url=make_clip(tmp_path / "clip.ts", 0.8, b_frames=2)) == 0
    told = capsys.readouterr().out
    assert "请在摄像头上关闭 B 帧" in told
    assert "关键帧间隔过长" in told


@pytest.mark.usefixtures("room")
def test_h265_is_warned_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(url=make_clip(tmp_path / "clip.ts", 2.2, codec="libx265")) == 0
    assert "browsers cannot play it live" in capsys.readouterr().out


@pytest.mark.usefixtures("room")
def test_an_unreachable_camera_is_not_added_unless_forced(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"rtsp://admin:s3cret@127.0.0.1:{free_port()}/ch1"
    assert add(url=url) == 2
    told = capsys.readouterr()
    assert "refuses or drops the connection" in told.err
    assert "--force" in told.err
    assert "s3cret" not in told.err + told.out
    assert stored(engine) is None

    assert add("--force", url=url) == 0
    found = stored(engine)
    assert found is not None
    assert (found.url, found.codec) == (url, None)
    with Session(engine) as session:
        (entry,) = session.scalars(select(AuditEntry))
        assert "s3cret" not in str(entry.detail)


@pytest.mark.usefixtures("room")
def test_a_bad_sub_stream_keeps_the_camera_out_too(engine: Engine, clip: Path) -> None:
    assert add("--sub-url", f"http://127.0.0.1:{free_port()}/sub.ts", url=clip) == 2
    assert stored(engine) is None


@pytest.mark.usefixtures("room")
def test_an_unknown_room_lists_the_known_ones(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["camera", "add", "--room", "天台", "--name", NAME, "--url", str(clip)]) == 2
    told = capsys.readouterr().err
    assert "没有名为“天台”的房间；已有：开标一室" in told
    assert "--room-type" in told


def test_the_first_camera_of_an_empty_installation_brings_its_room(engine: Engine, clip: Path) -> None:
    assert add("--room-type", "evaluation", url=clip) == 0
    found = stored(engine)
    assert found is not None
    assert (found.room_name, found.room_type) == (ROOM, RoomType.EVALUATION)


@pytest.mark.usefixtures("room")
def test_a_name_is_taken_once(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(url=clip) == 0
    assert add(url=clip) == 2
    assert "there is a camera named" in capsys.readouterr().err


def test_the_list_shows_state_and_no_password(
    engine: Engine, room: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = datetime(2025, 3, 1, 1, tzinfo=UTC)
    with Session(engine) as session, session.begin():
        added = cameras.add(
            session,
            room_id=room,
            name=NAME,
            url="rtsp://admin:s3cret@10.1.2.3/1",
            sub_url="rtsp://admin:s3cret@10.1.2.3/2",
            at=seen,
        )
        cameras.report_status(session, added.id, recording=True, last_frame_at=seen, message="", at=seen)
    assert main(["camera", "list", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["name"], listed["room"], listed["room_type"]) == (NAME, ROOM, "bid_opening")
    assert (listed["url"], listed["sub_url"]) == (
        "rtsp://admin:***@10.1.2.3/1",
        "rtsp://admin:***@10.1.2.3/2",
    )
    assert (listed["recording"], listed["last_frame_at"]) == (True, "2025-03-01T01:00:00+00:00")
    assert main(["camera", "list"]) == 0
    told = capsys.readouterr().out
    assert "正在录像" in told
    assert "s3cret" not in told


@pytest.mark.usefixtures("room")
def test_a_removed_camera_keeps_its_row_and_may_come_back(
    engine: Engine, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(url=clip)
    before = stored(engine)
    assert main(["camera", "remove", NAME]) == 0
    removed = stored(engine)
    assert before is not None
    assert removed is not None
    assert removed.removed_at is not None
    with Session(engine) as session:
        assert cameras.enabled_cameras(session) == []
        assert [row.name for row in cameras.all_cameras(session, removed=True)] == [NAME]

    assert main(["camera", "remove", NAME]) == 2
    assert "there is no camera" in capsys.readouterr().err
    assert add(url=clip) == 0
    again = stored(engine)
    assert again is not None
    assert (again.id, again.removed_at) == (before.id, None)


@pytest.mark.usefixtures("room")
def test_the_name_of_a_removed_camera_stays_with_its_room(
    clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(url=clip)
    main(["camera", "remove", NAME])
    other = ["--room", "评标室", "--room-type", "evaluation", "--name", NAME, "--url", str(clip)]
    assert main(["camera", "add", *other]) == 2
    assert "choose another name" in capsys.readouterr().err
