"""`camera add | list | set | remove`: the cameras of the rooms."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING

from domain.vocabulary import RecordingPolicy, RoomType

DEFAULT = "default"

if TYPE_CHECKING:
    from data_access.cameras import CameraRow, StatusRow
    from media.camera import StreamFacts


def register(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command."""
    camera = commands.add_parser("camera", help="摄像头管理 / cameras").add_subparsers(required=True)
    add = camera.add_parser("add", help="检测并新增摄像头 / probe a camera and add it")
    add.add_argument("--room", required=True, help="房间名称 / the room's name")
    add.add_argument(
        "--room-type",
        choices=[kind.value for kind in RoomType],
        help="房间不存在时以此类型新建 / make the room with this type when there is none of that name",
    )
    add.add_argument("--name", required=True, help="摄像头名称，不可重复 / the camera's name, unique")
    add.add_argument("--url", required=True, help="主码流 / main stream: rtsp://, http:// or a file")
    add.add_argument("--sub-url", help="子码流，用于实时监控 / smaller stream for live video")
    _policy_argument(add, default=RecordingPolicy.ALWAYS.value)
    add.add_argument(
        "--force", action="store_true", help="检测不通过也新增 / add it even when the probe fails"
    )
    add.set_defaults(run=add_camera)
    listing = camera.add_parser("list", help="摄像头列表 / list cameras")
    listing.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    listing.set_defaults(run=list_cameras)
    change = camera.add_parser(
        "set", help="修改录像时段、保存天数 / change when a camera is recorded and how long that is kept"
    )
    change.add_argument("name")
    _policy_argument(change, default=None)
    change.add_argument(
        "--online-days",
        type=_days,
        help="保存天数，default 为系统默认 / days that footage is kept, or: default",
    )
    change.set_defaults(run=set_camera)
    remove = camera.add_parser("remove", help="停用摄像头，录像保留至到期 / remove a camera, footage stays")
    remove.add_argument("name")
    remove.set_defaults(run=remove_camera)


def _policy_argument(parser: ArgumentParser, *, default: str | None) -> None:
    parser.add_argument(
        "--record",
        choices=[policy.value for policy in RecordingPolicy],
        default=default,
        help="全天，或仅场次期间（前后各 15 分钟）/ always, or from 15 min before to 15 after sessions",
    )


def _days(typed: str) -> int | str:
    """A number of days, or `default`."""
    from data_access.settings import MOST_ONLINE_DAYS

    if typed == DEFAULT:
        return typed
    if typed.isdecimal() and 1 <= int(typed) <= MOST_ONLINE_DAYS:
        return int(typed)
    raise ArgumentTypeError(f"1-{MOST_ONLINE_DAYS} 或 / or {DEFAULT}")


def add_camera(args: Namespace) -> int:
    """Probes and adds a camera; 2 when it is not added (the reason is printed)."""
    from data_access import cameras
    from data_access.engine import transaction

    with transaction() as session:
        known = [room.name for room in cameras.all_rooms(session)]
    if args.room not in known and args.room_type is None:
        return _refuse(
            f"没有名为“{args.room}”的房间；已有：{'、'.join(known) or '无'}。新建请加 --room-type / "
            f"there is no room {args.room!r}; known: {', '.join(known) or 'none'}. "
            "Add --room-type to make it"
        )
    args.url, args.sub_url = _absolute(args.url), _absolute(args.sub_url)
    probed = [_probe(url) for url in (args.url, args.sub_url) if url]
    _advise(*probed)
    if None in probed and not args.force:
        return _refuse("未新增；确需新增请加 --force / not added; to add it all the same: --force")
    try:
        added = _store(args, probed[0])
    except cameras.NameTaken as taken:
        return _refuse(str(taken))
    print(f"已新增 / added: {added.name}（{added.room_name}）")
    return 0


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 2


def _absolute(url: str | None) -> str | None:
    """A file's full path: the recorder runs elsewhere."""
    return str(Path(url).resolve()) if url and Path(url).exists() else url


def _store(args: Namespace, main: StreamFacts | None) -> CameraRow:
    from dashboard import camera_changes

    return camera_changes.add(
        actor="command line",
        room=args.room,
        room_type=args.room_type,
        name=args.name,
        url=args.url,
        sub_url=args.sub_url,
        facts=main,
        recording_policy=RecordingPolicy(args.record),
    )


def _probe(url: str) -> StreamFacts | None:
    """What the stream is; None when it cannot be had, with the reason printed."""
    from media.camera import CameraProblem, probe, redacted

    print(f"正在检测 / probing {redacted(url)} ...", flush=True)
    try:
        found = probe(url)
    except CameraProblem as problem:
        print(problem, file=sys.stderr)
        return None
    for name, value in _shown(found).items():
        print(f"  {name}: {value}")
    return found


def _advise(main: StreamFacts | None, sub: StreamFacts | None = None) -> None:
    """Prints what the cameras' settings cost, and what to set instead."""
    from dashboard.i18n import LANGUAGES, texts
    from media.camera_advice import advice_on

    # Without a sub-stream the command says nothing of it: whoever types one address means it.
    for advice in [] if main is None else advice_on(main, sub, has_sub=True):
        print(f"  注意 / note: {' / '.join(texts(each)[f'advice.{advice}'] for each in LANGUAGES)}")


def _shown(found: StreamFacts) -> dict[str, str]:
    return {
        "编码 / codec": found.codec,
        "尺寸 / size": f"{found.width} x {found.height}",
        "帧率 / frame rate": f"{found.frame_rate:g}",
        "关键帧间隔 / GOP": f"{found.gop_seconds:g} s" if found.gop_seconds else "检测期间未见 / not seen",
        "B 帧 / B-frames": "有 / yes" if found.has_b_frames else "无 / no",
        "音频 / audio": found.audio_codec or "无 / none",
        "码率 / bit rate": f"{found.bits_per_second / 1e6:.2f} Mbit/s",
        "每天占用 / a day takes": f"{found.bits_per_second * 86_400 / 8 / 1e9:.1f} GB",
    }


def list_cameras(args: Namespace) -> int:
    """Prints the cameras with room and state; never a password."""
    from data_access import cameras
    from data_access.engine import transaction

    with transaction() as session:
        rows = cameras.all_cameras(session)
        statuses = cameras.statuses(session)
    listed = [_listed(row, statuses.get(row.id)) for row in rows]
    if args.json:
        print(json.dumps(listed, ensure_ascii=False))
        return 0
    for camera in listed:
        state = "正在录像 / recording" if camera["recording"] else "未在录像 / not recording"
        print(camera["name"], camera["room"], state, camera["url"], camera["message"], sep="\t")
    return 0


def _listed(row: CameraRow, status: StatusRow | None) -> dict[str, object]:
    from media.camera import redacted

    seen = status.last_frame_at if status else None
    return {
        "id": row.id,
        "name": row.name,
        "room": row.room_name,
        "room_type": row.room_type,
        "url": redacted(row.url),
        "sub_url": redacted(row.sub_url) if row.sub_url else None,
        "enabled": row.enabled,
        "record": row.recording_policy,
        "online_days": row.online_days,
        "codec": row.codec,
        "width": row.width,
        "height": row.height,
        "frame_rate": row.frame_rate,
        "gop_seconds": row.gop_seconds,
        "has_b_frames": row.has_b_frames,
        "audio_codec": row.audio_codec,
        "recording": status is not None and status.recording,
        "last_frame_at": seen.isoformat() if seen else None,
        "message": status.message if status else "",
    }


def set_camera(args: Namespace) -> int:
    """Changes when a camera is recorded and how long that is kept; 2 when there is none of that name."""
    from dashboard import camera_changes
    from data_access import cameras
    from data_access.engine import transaction

    with transaction() as session:
        found = cameras.camera_named(session, args.name)
    if found is None or found.removed_at is not None:
        return _refuse(f"没有名为“{args.name}”的摄像头 / there is no camera {args.name!r}")
    if args.record is None and args.online_days is None:
        return _refuse("请指定 --record 或 --online-days / say --record or --online-days")
    if args.record is not None:
        camera_changes.change_recording(found, actor="command line", policy=RecordingPolicy(args.record))
        words = "今后全天录像" if args.record == RecordingPolicy.ALWAYS else "今后仅在场次期间录像"
        print(f"“{found.name}”{words} / recorded from now on: {args.record}")
    if args.online_days is not None:
        days = None if args.online_days == DEFAULT else args.online_days
        camera_changes.keep_for(found, actor="command line", days=days)
        kept = "按系统默认保存" if days is None else f"保存 {days} 天"
        print(f"“{found.name}”的录像{kept} / its footage is kept for: {args.online_days} (days)")
    return 0


def remove_camera(args: Namespace) -> int:
    """Takes a camera out of service; 2 when there is none of that name."""
    from dashboard import camera_changes

    removed = camera_changes.remove(args.name, actor="command line")
    if removed is None:
        print(f"没有名为“{args.name}”的摄像头 / there is no camera {args.name!r}", file=sys.stderr)
        return 2
    print(f"已停用，录像保留至到期 / removed, its footage stays until it expires: {removed.name}")
    return 0
