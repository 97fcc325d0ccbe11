"""`footage list | export | hold`: what was recorded of a camera, and taking a range of it along."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.commands import footage_evidence, footage_hold, footage_package, footage_verify

if TYPE_CHECKING:
    from data_access.cameras import CameraRow
    from data_access.footage import Stretch
    from data_access.footage_gaps import Gap
    from media.virtual_mp4 import VirtualFile

CAUSES = {
    "camera": "摄像头故障 / camera",
    "network": "网络中断 / network",
    "recorder": "录像服务中断 / recorder",
    "disk": "磁盘故障 / disk",
    "planned": "计划内停录 / planned",
    "unknown": "原因不明 / unknown",
}


def register(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command."""
    footage = commands.add_parser("footage", help="录像 / footage").add_subparsers(required=True)
    listing = footage.add_parser("list", help="已录时段与缺口 / what was recorded and what was not")
    export = footage.add_parser("export", help="导出为一个 MP4 / export a range as one MP4")
    for parser in (listing, export):
        parser.add_argument("--camera", required=True, metavar="NAME", help="摄像头名称 / the camera's name")
        for flag, name in (("--from", "start"), ("--to", "end")):
            parser.add_argument(
                flag,
                dest=name,
                required=True,
                metavar="ISO",
                help="如 2025-11-20T09:30:00，缺省时区为北京时间 / Asia/Shanghai unless it has an offset",
            )
    listing.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    listing.set_defaults(run=list_footage)
    export.add_argument("--out", required=True, type=Path, metavar="FILE.mp4")
    export.set_defaults(run=export_footage)
    footage_hold.register(footage)
    footage_evidence.register(footage)
    footage_package.register(footage)
    footage_verify.register(footage)


def list_footage(args: Namespace) -> int:
    """Prints the recorded stretches and the gaps of a range; 2 when the camera or the range is wrong."""
    from dashboard.footage_range import WrongRange, range_from
    from data_access import footage, footage_gaps
    from data_access.engine import transaction

    camera = _camera(args.camera)
    try:
        wanted = range_from(args.start, args.end, longest=None)
    except WrongRange as wrong:
        return _refuse(str(wrong))
    if camera is None:
        return _unknown(args.camera)
    with transaction() as session:
        runs = footage.runs_between(session, camera.id, wanted.start, wanted.end)
        gaps = footage_gaps.gaps_between(session, camera.id, wanted.start, wanted.end)
    if args.json:
        print(json.dumps({"runs": [_stretch(run) for run in runs], "gaps": [_gap(gap) for gap in gaps]}))
    else:
        _print_table(runs, gaps)
    return 0


def _stretch(stretch: Stretch | Gap) -> dict[str, str]:
    from dashboard.footage_range import text_of

    return {"start": text_of(stretch.start), "end": text_of(stretch.end)}


def _gap(gap: Gap) -> dict[str, str]:
    return {**_stretch(gap), "cause": gap.cause.value}


def _print_table(runs: list[Stretch], gaps: list[Gap]) -> None:
    lines = [(run.start, run.end, "有录像 / recorded") for run in runs]
    lines += [(gap.start, gap.end, f"无录像 / none: {CAUSES[gap.cause.value]} {gap.detail}") for gap in gaps]
    for start, end, what in sorted(lines):
        print(f"{_shown(start)}  {_shown(end)}  {_length(start, end)}  {what.strip()}")
    if not lines:
        print("该时段没有录像，也没有应录未录的缺口 / nothing recorded in this range, and nothing missing")


def _shown(at: datetime) -> str:
    from domain.periods import SHANGHAI

    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _length(start: datetime, end: datetime) -> str:
    minutes, seconds = divmod(round((end - start).total_seconds()), 60)
    return f"{minutes // 60:3d}:{minutes % 60:02d}:{seconds:02d}"


def export_footage(args: Namespace) -> int:
    """Writes a range of footage as one MP4, the same bytes as the download; 2 when it cannot."""
    from dashboard.footage_range import WrongRange, range_from
    from dashboard.virtual_files import open_range
    from media.byte_slices import FootageMissing
    from media.virtual_mp4 import NothingRecorded

    try:
        wanted = range_from(args.start, args.end)
        camera = _camera(args.camera)
        if camera is None:
            return _unknown(args.camera)
        file = open_range(camera.id, wanted)
        _note(camera, wanted.as_text())
        _write(file, args.out)
    except (WrongRange, NothingRecorded, FootageMissing) as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"无法写入 {args.out} / cannot write {args.out}: {error.strerror}")
    print(f"{args.out}: {_shown(file.starts_at)} - {_shown(file.ends_at)}, {file.size / 1e6:.1f} MB")
    if not file.complete:
        print(
            "注意：此后录像格式改变，请从该时刻起另行导出 / "
            "note: the recording's format changes there; export the rest from that moment on",
            file=sys.stderr,
        )
    return 0


def _note(camera: CameraRow, wanted: dict[str, str]) -> None:
    from data_access import audit
    from data_access.engine import transaction

    detail = {"camera_id": camera.id, **wanted}
    with transaction() as session:
        audit.record(
            session, actor="command line", action="export_footage", subject=camera.name, detail=detail
        )


def _write(file: VirtualFile, out: Path) -> None:
    """Writes beside the target first: a broken export leaves no half file under its name."""
    unfinished = out.with_name(out.name + ".part")
    try:
        with unfinished.open("wb") as target:
            for piece in file.read():
                target.write(piece)
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


def _camera(name: str) -> CameraRow | None:
    from data_access import cameras
    from data_access.engine import transaction

    with transaction() as session:
        return cameras.camera_named(session, name)


def _unknown(name: str) -> int:
    return _refuse(
        f"没有名为“{name}”的摄像头，可用 camera list 查看 / there is no camera {name!r}; see camera list"
    )


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 2
