"""`footage hold add | list | release`: footage that nothing deletes."""

from __future__ import annotations

import getpass
import json
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from data_access.footage_holds import HoldRow


def register(footage: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command below `footage`."""
    hold = footage.add_parser("hold", help="录像保全 / footage that nothing deletes")
    ways = hold.add_subparsers(required=True)
    add = ways.add_parser("add", help="保全一段录像或整个场次 / hold a range or a whole session")
    add.add_argument("--camera", metavar="NAME", help="摄像头名称 / the camera's name; with --from and --to")
    add.add_argument("--from", dest="start", metavar="ISO", help="如 2025-11-20T09:30:00，缺省时区为北京时间")
    add.add_argument("--to", dest="end", metavar="ISO", help="Asia/Shanghai unless it has an offset")
    add.add_argument(
        "--session", metavar="CODE", help="场次编号，含该场所全部摄像头 / a session, all cameras"
    )
    add.add_argument("--case", default="", metavar="NO", help="案件编号 / the case's number")
    add.set_defaults(run=add_hold)
    listing = ways.add_parser("list", help="有效的保全 / the holds that last")
    listing.add_argument("--all", action="store_true", help="含已解除的 / released ones too")
    listing.set_defaults(run=list_holds)
    release = ways.add_parser("release", help="解除保全 / end a hold")
    release.add_argument("hold", type=int, metavar="ID", help="编号，见 hold list / its id, see hold list")
    release.set_defaults(run=release_hold)
    for parser in (add, release):
        parser.add_argument("--reason", required=True, help="理由 / why")
        parser.add_argument(
            "--user",
            metavar="ACCOUNT",
            help="以哪个账号 / in whose name; unless given the account named like the system user",
        )
    for parser in (add, listing, release):
        parser.add_argument("--json", action="store_true", help="输出 JSON / print JSON")


def add_hold(args: Namespace) -> int:
    """Holds a camera's range or a session; 2 when it cannot be (the reason is printed)."""
    from dashboard.footage_range import WrongRange
    from data_access.engine import transaction
    from data_access.footage_holds import WrongHold, hold_by_id

    try:
        with transaction() as session:
            ids = _hold(session, args)
            made = [found for hold_id in ids if (found := hold_by_id(session, hold_id))]
            for row in made:
                _note(session, args, "hold_footage", row)
    except (WrongHold, WrongRange) as wrong:
        return _refuse(str(wrong))
    return _print(made, as_json=args.json)


def _hold(session: Session, args: Namespace) -> list[int]:
    from dashboard.footage_range import range_from
    from data_access import cameras, footage_holds
    from data_access.footage_holds import WrongHold

    made_by, at = _account(session, _user(args)), datetime.now(UTC)
    why = {"reason": args.reason, "case_no": args.case}
    if args.session and not args.camera:
        session_id = footage_holds.session_coded(session, args.session)
        return footage_holds.hold_session(session, session_id, made_by=made_by, at=at, **why)
    if args.session or not args.camera:
        raise WrongHold(
            "请给出 --session，或者 --camera 与 --from、--to / "
            "give --session, or --camera with --from and --to"
        )
    camera = cameras.camera_named(session, args.camera)
    if camera is None:
        raise WrongHold(f"没有名为“{args.camera}”的摄像头 / there is no camera {args.camera!r}")
    wanted = range_from(args.start, args.end, longest=None)
    return [
        footage_holds.hold(
            session,
            camera_id=camera.id,
            start=wanted.start,
            end=wanted.end,
            made_by=made_by,
            at=at,
            **why,
        )
    ]


def _user(args: Namespace) -> str:
    return args.user or getpass.getuser()


def _account(session: Session, name: str) -> int:
    from data_access import accounts
    from data_access.footage_holds import WrongHold

    for account in accounts.all_accounts(session):
        if account.name == name and account.active:
            return account.id
    raise WrongHold(
        f"没有名为“{name}”的可用账号，请用 --user 指明 / "
        f"there is no active account {name!r}; name one with --user"
    )


def list_holds(args: Namespace) -> int:
    """Prints the holds that last, or all."""
    from data_access import audit, footage_holds
    from data_access.engine import transaction

    with transaction() as session:
        found = footage_holds.all_holds(session, released=args.all)
        audit.record(
            session,
            actor=_actor(getpass.getuser()),
            action="list_holds",
            subject="footage",
            detail={"count": len(found), "released_too": args.all},
        )
    return _print(found, as_json=args.json)


def release_hold(args: Namespace) -> int:
    """Ends a hold; 2 when there is none such, or no account."""
    from data_access import footage_holds
    from data_access.engine import transaction

    try:
        with transaction() as session:
            by = _account(session, _user(args))
            row = footage_holds.release(session, args.hold, by=by, reason=args.reason, at=datetime.now(UTC))
            _note(session, args, "release_footage", row)
    except footage_holds.WrongHold as wrong:
        return _refuse(str(wrong))
    return _print([row], as_json=args.json)


def _note(session: Session, args: Namespace, action: str, row: HoldRow) -> None:
    from data_access import audit

    detail = {**_told(row), "system_user": getpass.getuser(), "reason": args.reason}
    audit.record(session, actor=_actor(_user(args)), action=action, subject=row.camera_name, detail=detail)


def _actor(name: str) -> str:
    return f"{name} (command line)"


def _told(row: HoldRow) -> dict[str, object]:
    from dashboard.footage_range import text_of

    return {
        "id": row.id,
        "camera": row.camera_name,
        "from": text_of(row.start),
        "to": text_of(row.end),
        "session": row.session_code,
        "reason": row.reason,
        "case": row.case_no,
        "made_by": row.author,
        "made_at": text_of(row.made_at),
        "released_at": text_of(row.released_at) if row.released_at else None,
        "release_reason": row.release_reason,
    }


def _print(rows: list[HoldRow], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps([_told(row) for row in rows], ensure_ascii=False))
        return 0
    for row in rows:
        over = "已解除 / released" if row.released_at else "有效 / lasts"
        told = _told(row)
        print(row.id, over, row.camera_name, told["from"], told["to"], row.case_no, row.reason, sep="\t")
    if not rows:
        print("没有保全 / there is no hold")
    return 0


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 2
