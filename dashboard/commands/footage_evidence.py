"""`footage evidence request | approve | reject | build | list`: evidence packages of footage."""

from __future__ import annotations

import getpass
import json
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data_access.evidence import Package, Person
    from data_access.evidence_requests import Part

STATUS = {
    "requested": "待审批 / waits for approval",
    "approved": "待制作 / to be built",
    "rejected": "已驳回 / rejected",
    "ready": "可下载 / ready",
    "failed": "制作失败 / not built",
}


def register(footage: _SubParsersAction[ArgumentParser]) -> None:
    """Adds the command below `footage`."""
    evidence = footage.add_parser("evidence", help="录像证据包 / evidence packages of footage")
    ways = evidence.add_subparsers(required=True)
    request = ways.add_parser("request", help="申请证据包 / ask for a package")
    request.add_argument(
        "--camera", action="append", required=True, metavar="NAME", help="可多次 / repeatable"
    )
    request.add_argument("--from", dest="start", required=True, metavar="ISO", help="如 2025-11-20T09:30:00")
    request.add_argument(
        "--to", dest="end", required=True, metavar="ISO", help="缺省为北京时间 / Asia/Shanghai"
    )
    request.add_argument("--session", metavar="CODE", help="场次编号 / the session that it is about")
    request.add_argument("--reason", required=True, help="调取理由 / why")
    request.add_argument("--case", required=True, metavar="NO", help="案号 / the case's number")
    request.add_argument("--watermark", action="store_true", help="另附水印副本 / a watermarked copy too")
    request.set_defaults(act=_request)
    approve = ways.add_parser("approve", help="批准他人的申请 / approve somebody else's request")
    reject = ways.add_parser("reject", help="驳回他人的申请 / reject somebody else's request")
    for parser, agrees in ((approve, True), (reject, False)):
        parser.add_argument("number", help="如 ZJ-20251120-0001")
        parser.add_argument("--note", required=not agrees, default="", help="审批意见 / why")
        parser.set_defaults(act=_decide, agrees=agrees)
    build = ways.add_parser("build", help="立即制作 / build what is approved now, and what failed anew")
    build.add_argument("number", help="如 ZJ-20251120-0001")
    build.set_defaults(act=_build)
    listing = ways.add_parser("list", help="证据包列表 / list packages")
    listing.set_defaults(act=_list)
    for parser in (request, approve, reject, build, listing):
        parser.add_argument(
            "--user",
            metavar="ACCOUNT",
            help="以哪个账号 / in whose name; unless given the account named like the system user",
        )
        parser.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
        parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Does it in the name of an account, with that account's rights; 2 when it cannot be done."""
    from dashboard.footage_range import WrongRange
    from data_access.evidence_requests import EvidenceRefused
    from media.evidence.builder import BuilderBusy

    try:
        found: list[Package] = args.act(args, _person(args.user or getpass.getuser()))
    except (EvidenceRefused, WrongRange, BuilderBusy) as refused:
        print(refused, file=sys.stderr)
        return 2
    _print(found, as_json=args.json)
    return 1 if any(one.error for one in found) and args.act is _build else 0


def _person(name: str) -> Person:
    from dashboard.access import Viewer
    from dashboard.evidence_actions import person_of
    from data_access import accounts
    from data_access.engine import transaction
    from data_access.evidence_requests import EvidenceRefused

    with transaction() as session:
        known = {account.name: account for account in accounts.all_accounts(session) if account.active}
    if name not in known:
        raise EvidenceRefused(
            f"没有名为“{name}”的可用账号，请用 --user 指明 / "
            f"there is no active account {name!r}; name one with --user"
        )
    found = known[name]
    return person_of(Viewer(found.id, found.name, found.display_name, found.role), by_command=True)


def _request(args: Namespace, person: Person) -> list[Package]:
    from dashboard import evidence_actions

    return [
        evidence_actions.request(
            person,
            _parts(args),
            session_id=_session_id(args.session),
            reason=args.reason,
            case_no=args.case,
            watermarked=args.watermark,
        )
    ]


def _parts(args: Namespace) -> list[Part]:
    from dashboard.footage_range import range_from
    from data_access import cameras
    from data_access.engine import transaction
    from data_access.evidence_requests import EvidenceRefused, Part

    wanted, parts = range_from(args.start, args.end), []
    with transaction() as session:
        for name in dict.fromkeys(args.camera):
            camera = cameras.camera_named(session, name)
            if camera is None:
                raise EvidenceRefused(f"没有名为“{name}”的摄像头 / there is no camera {name!r}")
            parts.append(Part(camera.id, wanted.start, wanted.end))
    return parts


def _session_id(code: str | None) -> int | None:
    from data_access import footage_holds
    from data_access.engine import transaction
    from data_access.evidence_requests import EvidenceRefused

    if code is None:
        return None
    try:
        with transaction() as session:
            return footage_holds.session_coded(session, code)
    except footage_holds.WrongHold as unknown:
        raise EvidenceRefused(str(unknown)) from unknown


def _numbered(number: str, person: Person) -> Package:
    from data_access import evidence
    from data_access.engine import transaction
    from data_access.evidence_requests import EvidenceRefused

    with transaction() as session:
        found = evidence.package_numbered(session, number, person=person)
    if found is None:
        raise EvidenceRefused(f"没有证据包 {number}，或您无权处理 / there is no package {number} for you")
    return found


def _decide(args: Namespace, person: Person) -> list[Package]:
    from dashboard import evidence_actions

    found = _numbered(args.number, person)
    return [evidence_actions.decide(person, found.id, approve=args.agrees, note=args.note)]


def _build(args: Namespace, person: Person) -> list[Package]:
    from dashboard import evidence_actions
    from data_access.engine import engine
    from data_access.evidence_requests import EvidenceRefused
    from data_access.settings import settings
    from domain.vocabulary import ExportStatus
    from media.evidence.duties import build_one

    found = _numbered(args.number, person)
    if found.status is ExportStatus.FAILED:
        found = evidence_actions.build_again(person, found.id)
    if found.status is not ExportStatus.APPROVED:
        raise EvidenceRefused(
            f"证据包 {found.number} 不在待制作状态 / package {found.number} does not wait to be built"
        )
    build_one(engine(), settings().footage_folder, settings().exports_folder, found, datetime.now(UTC))
    return [_numbered(args.number, person)]


def _list(_args: Namespace, person: Person) -> list[Package]:
    from data_access import evidence
    from data_access.engine import transaction

    with transaction() as session:
        return evidence.packages(session, person=person, limit=1000)


def _print(found: list[Package], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([_told(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        cameras = "、".join(part.camera for part in one.parts)
        print(
            one.number, STATUS[one.status], one.requester, one.case_no, cameras, one.path, one.error, sep="\t"
        )
    if not found:
        print("没有证据包 / there is no package")


def _told(one: Package) -> dict[str, object]:
    from dashboard.footage_range import text_of
    from data_access.settings import settings

    return {
        "number": one.number,
        "status": one.status.value,
        "reason": one.reason,
        "case": one.case_no,
        "requested_by": one.requester,
        "requested_at": text_of(one.requested_at),
        "decided_by": one.decider,
        "decision_note": one.decision_note,
        "restricted": one.restricted,
        "watermarked": one.watermarked,
        "cameras": [
            {"camera": part.camera, "from": text_of(part.start), "to": text_of(part.end)}
            for part in one.parts
        ],
        "file": str(settings().exports_folder / one.path) if one.path else None,
        "size": one.size,
        "sha256": one.sha256.hex() if one.sha256 else None,
        "error": one.error,
    }
