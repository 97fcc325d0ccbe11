"""The cover of a package: what it is, in plain Chinese on A4, as PDF.

The letters are Adobe's STSong-Light, one of the Chinese fonts that every PDF reader knows or replaces by its
own: no font of this machine is needed to make the page, and none has to be licensed to be passed on. Letters
and digits are Helvetica, which every reader has: replacements for Chinese fonts (Ghostscript's, for one) may
have none. Seen to be right in Chromium and Ghostscript.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from xml.sax.saxutils import escape as escaped

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from domain.vocabulary import RoomType
from media import signing
from media.evidence.camera_files import CameraFiles
from media.evidence.gathered import Facts
from media.evidence.manifest import MANIFEST, PUBLIC_KEY, SIGNATURE
from media.evidence.tables import gap_rows, session_rows
from media.evidence.words import clock, length, size
from media.evidence.zip_writer import Written

NAME = "封面说明.pdf"
_FONT, _LETTERS, _CODE = "STSong-Light", "Helvetica", "Courier"
_GAPS_SHOWN = 20  # of a camera; all stand in its table
_MARGIN = 18 * mm
_PADDING = 6  # points, of reportlab's frame
_WIDTH = A4[0] - 2 * _MARGIN - 2 * _PADDING
_LINE = colors.HexColor("#D8DEE4")
_RESTRICTED = "本证据包含评标等保密场所录像，依据《招标投标法》第三十八条，仅限获准的纪检监察人员使用。"


def _style(name: str, points: float, above: float = 0) -> ParagraphStyle:
    return ParagraphStyle(
        name, fontName=_FONT, fontSize=points, leading=points * 1.55, spaceBefore=above, wordWrap="CJK"
    )


_TITLE, _HEADING, _BODY, _SMALL = (
    _style("title", 19),
    _style("heading", 12, above=10),
    _style("body", 9.5),
    _style("small", 8),
)


def cover(facts: Facts, cameras: Sequence[CameraFiles], written: Sequence[Written]) -> bytes:
    """The PDF.

    Args:
        written: the files that are in the package already, with their hashes.
    """
    _register()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=f"录像证据包 {facts.package.number}",
        author="明镜",
    )
    story: list[Flowable] = [Paragraph("录像证据包", _TITLE), Spacer(1, 4 * mm), _head(facts)]
    if facts.session:
        rows = [(str(name), str(value)) for name, value in session_rows(facts.session)]
        story += [KeepTogether([Paragraph("场次", _HEADING), _pairs(rows)])]
    story += _footage(cameras)
    story += _files(written)
    story += [KeepTogether([Paragraph("如何核验", _HEADING), *_how_to(facts)])]
    document.build(story)
    return out.getvalue()


@lru_cache(maxsize=1)
def _register() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))


def _head(facts: Facts) -> Flowable:
    made = facts.package
    approval = f"{made.decider}，{clock(made.decided_at)}" if made.decider else "本场所无须审批"
    note = f"（{made.decision_note}）" if made.decision_note else ""
    rows = [
        ("编号", made.number),
        ("案号", made.case_no),
        ("调取理由", made.reason),
        ("申请人", f"{made.requester}，{clock(made.requested_at)}"),
        ("审批", approval + note),
        ("制作时间", f"{clock(facts.at)}（北京时间）"),
        ("系统标识", facts.identity or "-"),
    ]
    if made.restricted or any(part.room_type == RoomType.EVALUATION for part in made.parts):
        rows.append(("保密", _RESTRICTED))
    return _pairs(rows)


def _footage(cameras: Sequence[CameraFiles]) -> Iterable[Flowable]:
    yield Paragraph("录像", _HEADING)
    for camera in cameras:
        part, facts = camera.facts.part, camera.facts
        recorded = sum((run.end - run.start for run in facts.runs), timedelta())
        whole = part.end - part.start
        rows = [
            ("摄像头", f"{part.room}　{part.camera}"),
            ("调取时段", f"{clock(part.start)} 至 {clock(part.end)}，共 {length(whole)}"),
            ("有录像", f"{length(recorded)}（{recorded / whole:.2%}）"),
            ("无录像", _gaps(camera)),
            ("录像事件", f"{len(facts.events)} 项，见录像事件表" if facts.events else "无"),
            ("片段核对", _segments(camera)),
        ]
        yield KeepTogether([_pairs(rows), Spacer(1, 3 * mm)])


def _gaps(camera: CameraFiles) -> str:
    rows = gap_rows(camera)
    told = [row[-1] for row in rows[:_GAPS_SHOWN]]
    if len(rows) > _GAPS_SHOWN:
        told.append(f"其余 {len(rows) - _GAPS_SHOWN} 段见缺口表。")
    return "\n".join(told) or "无缺口"


def _segments(camera: CameraFiles) -> str:
    changed = [one.segment.path for one in camera.checked if one.matches is False and not one.missing]
    missing = [one.segment.path for one in camera.checked if one.missing]
    told = f"共 {len(camera.checked)} 个片段，制作时逐一重新计算哈希值"
    if not changed and not missing:
        return f"{told}，与录制时登记的一致。"
    if changed:
        told += f"；{len(changed)} 个与录制时登记的不一致：{'、'.join(changed)}"
    if missing:
        told += f"；{len(missing)} 个文件缺失或不完整：{'、'.join(missing)}"
    return f"{told}。"


def _files(written: Sequence[Written]) -> Iterable[Flowable]:
    yield Paragraph(_mixed("文件与 SHA-256"), _HEADING)
    told = (
        "【录像】文件夹内为原始录像，未经重新编码；名称含【水印副本】的文件经过重新编码，仅供展示，不作为原件。"
        f"以下未列的文件（含本封面）见 {MANIFEST}。"
    )
    yield Paragraph(_mixed(told), _BODY)
    rows = [
        [
            Paragraph(
                f"{_mixed(file.name)}　{_mixed(size(file.size))}<br/>{_code(file.sha256.hex(), 7.5)}", _SMALL
            )
        ]
        for file in written
    ]
    yield Table(rows, colWidths=[_WIDTH], style=_grid())


def _how_to(facts: Facts) -> Iterable[Flowable]:
    fingerprint = signing.fingerprint(facts.public_key)
    steps = (
        "1. 用谷歌、微软 Edge 等新版浏览器打开包内的 verify.html（不联网也可使用；最好使用从本系统【证据包】"
        "页面另行取得的核验页），把整个压缩包拖入页面，即逐一核对每个文件并指出被改动、缺失或多出的文件。",
        "2. 核对页面显示的公钥指纹与交易中心公布的一致：",
        f"3. 也可由技术人员核验：{MANIFEST} 列明每个文件的 SHA-256 和每个录像片段的哈希链，"
        f"{SIGNATURE} 是本系统对 {MANIFEST} 的 Ed25519 签名，公钥为 {PUBLIC_KEY}；"
        "命令为 python -m dashboard footage verify-package 压缩包。",
    )
    first, second, third = (Paragraph(_mixed(step), _BODY) for step in steps)
    return first, second, Paragraph(_code(fingerprint, 8.5), _BODY), third


def _mixed(words: str) -> str:
    """Text as markup, its letters and digits in their own font."""
    marked = re.sub(r"[!-~](?:[ -~]*[!-~])?", lambda run: f"\0{run[0]}\1", words)
    return escaped(marked).replace("\0", f'<font name="{_LETTERS}">').replace("\1", "</font>")


def _code(words: str, points: float) -> str:
    return f'<font name="{_CODE}" size="{points}">{words}</font>'


def _pairs(rows: Sequence[tuple[str, str]]) -> Table:
    cells = [
        [Paragraph(name, _BODY), Paragraph(_mixed(value).replace("\n", "<br/>"), _BODY)]
        for name, value in rows
    ]
    return Table(cells, colWidths=[28 * mm, _WIDTH - 28 * mm], style=_grid())


def _grid() -> TableStyle:
    return TableStyle(
        [
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ]
    )
