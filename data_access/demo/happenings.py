"""Who attended a demo session, and what was noted while it ran."""

from datetime import datetime, timedelta
from random import Random

from data_access.demo.plan import Event, Person, PlannedSession
from domain.vocabulary import ParticipantRole, SessionType

_MONITORS = ("周启明", "林嘉怡", "何永康", "郭晓东", "邓雪梅", "许文博", "曾立新", "潘慧敏")
_SUPERVISORS = ("陈思远", "黄国栋", "梁淑华", "罗振宇", "谢婉清", "韩庆元")
_REMOTE_SHARE = 0.35
_FEWEST_BIDDERS = 3  # 招标投标法 art. 28

_ODDITIES = (
    ("objection", "投标人代表", "对开标记录提出异议，当场答复并记录", 0.05),
    ("pause", "监标人", "系统响应缓慢，暂停 6 分钟后恢复", 0.03),
    ("device_lost", "系统", "电子显示屏断开，2 分钟后恢复", 0.02),
)
_FINDINGS = (
    "代理机构工作人员未按规定关闭评标区通讯设备；当场责令纠正，已约谈并处理完毕",
    "投标人代表未佩戴出入证进入开标区；当场纠正，已处理完毕",
    "代理机构唱标顺序与递交顺序不符；当场更正，已处理完毕",
)
_EXTRAS = {
    SessionType.EVALUATION: [(0.7, "pause", "监标人", "午间或晚间用餐，暂停 40 分钟，评标室封闭")],
    SessionType.NEGOTIATION: [
        (0.25, "price_read", "谈判小组", "第一轮报价完毕，各方签字确认"),
        (0.7, "price_read", "谈判小组", "最后报价完毕，各方签字确认"),
    ],
    SessionType.LAND_AUCTION: [
        (0.15, "price_read", "拍卖师", "宣布起始价与加价幅度"),
        (0.45, "price_read", "拍卖师", "第十轮报价"),
        (0.85, "price_read", "拍卖师", "落槌成交，签订成交确认书"),
    ],
}


def participants_of(rng: Random, kind: SessionType, *, supervised: bool) -> list[Person]:
    """One or two monitors, and a supervisor when it was supervised."""
    monitors = rng.sample(_MONITORS, 1 if kind is SessionType.EXPERT_DRAW else rng.randint(1, 2))
    people: list[Person] = [
        {"role": ParticipantRole.MONITOR, "name": name, "remote": False} for name in monitors
    ]
    if supervised:
        remote = rng.random() < _REMOTE_SHARE
        people.append(
            {"role": ParticipantRole.SUPERVISOR, "name": rng.choice(_SUPERVISORS), "remote": remote}
        )
    return people


def events_of(
    rng: Random, kind: SessionType, started: datetime, ended: datetime, bidders: int
) -> list[Event]:
    """The course of a session, and sometimes something out of the ordinary."""
    length = ended - started
    events = [_event(started + length * share, *rest) for share, *rest in _course(kind, bidders)]
    for what, actor, note, chance in _ODDITIES:
        if kind is SessionType.OPENING and rng.random() < chance:
            events.append(_event(started + length * rng.uniform(0.3, 0.9), what, actor, note))
    if kind is SessionType.EVALUATION and rng.random() < 0.03:
        events.append(
            _event(started + length * 0.6, "expert_left", "评标专家", "因身体不适离场 10 分钟，监标人陪同")
        )
    return sorted(events, key=lambda event: event["at"])


def extras_of(rng: Random, kind: SessionType, started: datetime, ended: datetime) -> list[Event]:
    """What else is noted of a session that somebody watches, where its course is thin."""
    length = ended - started
    events = [_event(started + length * share, *rest) for share, *rest in _EXTRAS.get(kind, ())]
    if kind is SessionType.EVALUATION and rng.random() < 0.4:
        left = started + length * rng.uniform(0.3, 0.8)
        events.append(_event(left, "expert_left", "评标专家", "离场 10 分钟，监标人陪同并记录"))
    return sorted(events, key=lambda event: event["at"])


def add_finding(rng: Random, session: PlannedSession) -> None:
    """监标发现问题: noted while the session ran, and handled."""
    started = session.at
    session.events.append(
        _event(started + timedelta(minutes=rng.randint(10, 30)), "finding", "监督人员", rng.choice(_FINDINGS))
    )
    session.values["abnormal"] = True


def _course(kind: SessionType, bidders: int) -> list[tuple[float, str, str, str]]:
    if kind is SessionType.OPENING and bidders < _FEWEST_BIDDERS:
        return [(-0.2, "check_in", "投标人代表", f"签到 {bidders} 家，不足三家，本次招标失败")]
    if kind is SessionType.OPENING:
        return [
            (-0.2, "check_in", "投标人代表", f"签到 {bidders} 家"),
            (0.15, "decryption", "代理机构", f"投标文件解密 {bidders} 份"),
            (0.55, "price_read", "代理机构", "唱标完毕，各方确认开标记录"),
        ]
    if kind is SessionType.EVALUATION:
        return [(-0.08, "check_in", "评标委员会", "专家核验身份并上交通讯设备")]
    if kind in (SessionType.NEGOTIATION, SessionType.LAND_AUCTION):
        return [(-0.15, "check_in", "参加单位", f"签到 {bidders} 家")]
    return []


def _event(at: datetime, kind: str, actor: str, note: str) -> Event:
    return {"at": at, "kind": kind, "actor": actor, "note": note}
