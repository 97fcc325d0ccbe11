"""`footage verify`: is all footage there, as it was recorded, and nothing else?"""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, Namespace, _SubParsersAction
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from media.integrity import CheckReport, Progress
    from media.integrity_rules import Fault
    from media.integrity_scope import Scope


def register(footage: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command below `footage`."""
    verify = footage.add_parser("verify", help="录像完整性校验 / is all footage whole and unchanged?")
    how = verify.add_mutually_exclusive_group()
    how.add_argument("--full", action="store_true", help="逐个读取全部文件 / read every file")
    how.add_argument(
        "--sample", type=int, metavar="N", help="抽查的文件数，缺省 200 / files to read, 200 unless given"
    )
    verify.add_argument("--camera", metavar="NAME", help="只校验该摄像头 / only this camera")
    verify.add_argument("--from", dest="start", metavar="ISO", help="起始日 / from this day on (UTC days)")
    verify.add_argument("--to", dest="end", metavar="ISO", help="截止日 / up to this day")
    verify.add_argument(
        "--pace", type=float, default=0, metavar="MB", help="每秒最多读取兆字节，0 不限 / MB a second, 0: any"
    )
    verify.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    verify.set_defaults(run=verify_footage)


def verify_footage(args: Namespace) -> int:
    """Checks the footage: 0 all is whole, 1 something was found (it is named), 2 it could not be checked."""
    from dashboard.footage_range import WrongRange
    from data_access.engine import engine
    from data_access.settings import settings
    from media.footage_folder import WrongFolder
    from media.integrity import SAMPLE, AlreadyChecking, check
    from media.read_back import Pace
    from media.signing import UnusableKey

    shown = _Shown()
    try:
        report = check(
            engine(),
            settings().footage_folder,
            full=args.full,
            now=datetime.now(UTC),
            scope=_scope(args),
            sample=SAMPLE if args.sample is None else max(0, args.sample),
            pace=Pace(args.pace * 1e6),
            actor="command line",
            progress=shown.tell,
        )
    except (_Unknown, WrongRange, WrongFolder, AlreadyChecking, UnusableKey) as wrong:
        return _refuse(str(wrong))
    except OSError as error:
        return _refuse(f"无法校验 / cannot check: {error.strerror}: {error.filename}")
    finally:
        shown.clear()
    names = _camera_names()
    if args.json:
        print(json.dumps(_as_json(report, names), ensure_ascii=False))
    else:
        _print(report, names)
    return 1 if report.faults else 0


class _Unknown(Exception):
    """There is no such camera."""


def _scope(args: Namespace) -> Scope:
    from dashboard.footage_range import WrongRange, instant_from
    from data_access import cameras
    from data_access.engine import transaction
    from media.integrity_scope import Scope

    start = instant_from(args.start) if args.start else None
    end = instant_from(args.end) if args.end else None
    if start and end and end <= start:
        raise WrongRange("结束时间须晚于开始时间 / the range is empty: its end must be after its start")
    if not args.camera:
        return Scope(None, start, end)
    with transaction() as session:
        known = {camera.name: camera.id for camera in cameras.all_cameras(session, removed=True)}
    if args.camera not in known:
        raise _Unknown(f"没有名为“{args.camera}”的摄像头 / there is no camera {args.camera!r}")
    return Scope(known[args.camera], start, end)


class _Shown:
    """The line that says how far the check has come; for people only, on the terminal."""

    def __init__(self) -> None:
        self._to_people = sys.stderr.isatty()
        self._began = time.monotonic()
        self._told_at = 0.0
        self._told = self._done = False

    def tell(self, progress: Progress) -> None:
        now = time.monotonic()
        done = progress.segments >= progress.of_segments
        every = 0.2 if self._to_people else 5.0  # seconds
        if now - self._told_at < every and (self._done or not done):
            return
        self._told_at, self._told, self._done = now, True, done
        share = progress.segments / max(1, progress.of_segments)
        rate = progress.read / 1e6 / max(0.001, now - self._began)
        line = (
            f"{share:6.1%}  {progress.segments}/{progress.of_segments} 段 / segments  {progress.day}  "
            f"{progress.read / 1e9:.2f} GB  {rate:.0f} MB/s"
        )
        print(
            f"\r{line:<79}" if self._to_people else line,
            end="" if self._to_people else "\n",
            file=sys.stderr,
            flush=True,
        )

    def clear(self) -> None:
        if self._told and self._to_people:
            print("\r" + " " * 79 + "\r", end="", file=sys.stderr, flush=True)


def _camera_names() -> dict[int, str]:
    from data_access import cameras
    from data_access.engine import transaction

    with transaction() as session:
        return {camera.id: camera.name for camera in cameras.all_cameras(session, removed=True)}


def _print(report: CheckReport, names: dict[int, str]) -> None:
    for fault in report.faults:
        print(_line(fault, names))
        print(f"  {_both(f'integrity.mend.{fault.kind}')}")
    if report.late:
        print(f"提示：{report.late} 段在封存之后才入库 / note: {report.late} segments came in after the seal")
    if report.waiting:
        count = len(report.waiting)
        print(f"提示：{count} 个文件等待录像服务入库 / note: {count} files wait for the recorder")
    how = "全部读取 / every file read" if report.full else "抽查 / a sample read"
    print(
        f"{report.segments} 段录像 / segments，{report.seals} 个封存 / seals，"
        f"{report.read / 1e6:.1f} MB，{how}：{_outcome(report)}"
    )


def _outcome(report: CheckReport) -> str:
    if not report.faults:
        return "完好 / whole"
    return f"发现 {len(report.faults)} 处异常 / {len(report.faults)} faults"


def _line(fault: Fault, names: dict[int, str]) -> str:
    from domain.periods import SHANGHAI

    camera = names.get(fault.camera_id or 0, "")
    at = f"{fault.started_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" if fault.started_at else ""
    kind = _both(f"integrity.kind.{fault.kind}")
    moved = f" → {fault.quarantined_to}" if fault.quarantined_to else ""
    told = [part for part in (camera, at, f"{fault.path}{moved}") if part]
    return f"{kind}：{'  '.join(told)}\n  {fault.zh} / {fault.en}"


def _both(key: str) -> str:
    """A text in both languages."""
    from dashboard.i18n import texts

    return f"{texts('zh')[key]} / {texts('en')[key]}"


def _as_json(report: CheckReport, names: dict[int, str]) -> dict[str, Any]:
    return {
        "full": report.full,
        "whole": not report.faults,
        "segments": report.segments,
        "seals": report.seals,
        "bytes_read": report.read,
        "late": report.late,
        "waiting": list(report.waiting),
        "faults": [
            {
                "kind": fault.kind.value,
                "camera": names.get(fault.camera_id or 0),
                "start": fault.started_at.isoformat() if fault.started_at else None,
                "path": fault.path,
                "quarantined_to": fault.quarantined_to or None,
                "zh": fault.zh,
                "en": fault.en,
            }
            for fault in report.faults
        ],
    }


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 2
