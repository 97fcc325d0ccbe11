"""The tables of a package: gaps, events, session, log. CSV that Excel and WPS open with its Chinese right."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from media.evidence.camera_files import CameraFiles
from media.evidence.gathered import Facts, SessionFacts
from media.evidence.words import (
    ACTION,
    CAUSE,
    CLASS,
    FOOTAGE_EVENT,
    METHOD,
    ROLE,
    SESSION_EVENT,
    SESSION_STATUS,
    SESSION_TYPE,
    clock,
    exact_clock,
    length,
    word,
)

_GAPS = ("开始", "结束", "时长", "原因", "说明")
_EVENTS = ("时间", "事件", "偏移（秒）", "说明")
_COURSE = ("时间", "事件", "人员", "说明")
_LOG = ("编号", "时间", "人员", "操作", "对象", "内容", "地址", "上一条哈希", "本条哈希")

# What another case is about is not told in this one's package.
_OF_A_CASE = frozenset({"reason", "case_no", "case", "note", "release_reason"})
_STRUCK_OUT = "□□□"


def tables(facts: Facts, cameras: Sequence[CameraFiles]) -> list[tuple[str, bytes]]:
    """Names and contents."""
    found = [(f"缺口/{each.label}_缺口.csv", _csv(_GAPS, gap_rows(each))) for each in cameras]
    found += [
        (f"缺口/{each.label}_录像事件.csv", _csv(_EVENTS, _event_rows(each)))
        for each in cameras
        if each.facts.events
    ]
    if facts.session:
        found.append(("场次/场次信息.csv", _csv(("项目", "内容"), session_rows(facts.session))))
        found.append(("场次/过程记录.csv", _csv(_COURSE, _course_rows(facts.session))))
    found.append(("审计日志摘录.csv", _csv(_LOG, _log_rows(facts))))
    return found


def gap_rows(camera: CameraFiles) -> list[Sequence[str]]:
    """Every stretch without footage, by time, with its cause and a sentence."""
    gaps = [(gap.start, gap.end, gap.cause.value, gap.detail) for gap in camera.facts.gaps]
    gaps += [
        (one.segment.started_at, one.segment.ended_at, "missing_file", one.segment.path)
        for one in camera.checked
        if one.missing
    ]
    return [_gap(*gap) for gap in sorted(gaps)]


def _gap(start: datetime, end: datetime, cause: str, detail: str) -> Sequence[str]:
    lasted, why = length(end - start), word(CAUSE, cause)
    told = f"{clock(start)} 起无录像 {lasted}，{why}" + (f"（{detail}）" if detail else "")
    return exact_clock(start), exact_clock(end), lasted, why, f"{told}。"


def _event_rows(camera: CameraFiles) -> Iterable[Sequence[str]]:
    for event in camera.facts.events:
        seconds = "" if event.seconds is None else f"{event.seconds:+.3f}"
        yield exact_clock(event.at), word(FOOTAGE_EVENT, event.kind.value), seconds, event.detail


def session_rows(found: SessionFacts) -> list[Sequence[str]]:
    """What the session is about and who supervised it; never more than may be known at this stage."""
    held, people = found.held, found.people
    bidders = "开标前不公开" if not people.opened else "-"
    rows = {
        "场次编号": held.code,
        "类型": word(SESSION_TYPE, held.type),
        "项目": "；".join(held.projects),
        "项目类别": "、".join(word(CLASS, each) for each in people.classes),
        "标段": "；".join(f"{lot.section_code} {lot.title}" for lot in held.lots),
        "采购方式": word(METHOD, held.method),
        "场所": held.room_name or "-",
        "计划时间": f"{clock(held.planned_start)} 至 {clock(held.planned_end)}",
        "实际时间": f"{clock(held.actual_start)} 至 {clock(held.actual_end)}",
        "状态": word(SESSION_STATUS, held.status),
        "监督与监标人员": "、".join(f"{who.name}（{word(ROLE, who.role)}）" for who in people.participants),
        "抽取专家人数": f"{people.panel_size} 人",
        "投标人数": bidders if people.bidder_count is None else f"{people.bidder_count} 家",
    }
    return [(name, value or "-") for name, value in rows.items()]


def _course_rows(found: SessionFacts) -> Iterable[Sequence[str]]:
    for event in reversed(found.course.events):
        yield clock(event.at), word(SESSION_EVENT, event.kind), event.actor, event.note


def _log_rows(facts: Facts) -> Iterable[Sequence[str]]:
    for entry in facts.log:
        own = entry.subject == facts.package.number
        told = {
            name: value if own or name not in _OF_A_CASE else _STRUCK_OUT
            for name, value in entry.detail.items()
        }
        detail = json.dumps(told, ensure_ascii=False, sort_keys=True)
        hashes = entry.previous_hash.hex(), entry.hash.hex()
        done = word(ACTION, entry.action)
        yield (
            str(entry.id),
            exact_clock(entry.at),
            entry.actor,
            done,
            entry.subject,
            detail,
            entry.address,
            *hashes,
        )


def _csv(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with the mark that Excel needs; no text can begin a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heading)
    for row in rows:
        writer.writerow([f"'{cell}" if cell[:1] in {"=", "@", "\t"} else cell for cell in row])
    return out.getvalue().encode("utf-8-sig")
