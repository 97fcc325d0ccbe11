"""The words of a package. It is an official paper, so they are Chinese, as in the terms of the law."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.periods import SHANGHAI

CAUSE = {
    "camera": "摄像头故障",
    "network": "网络中断",
    "recorder": "录像服务中断",
    "disk": "磁盘故障",
    "planned": "计划内停录",
    "unknown": "原因不明",
    "missing_file": "录像文件缺失或不完整",
}
FOOTAGE_EVENT = {
    "clock_step": "服务器时钟被调整",
    "timestamps_jumped": "摄像头时间戳跳变",
    "format_changed": "录像格式改变",
}
SESSION_TYPE = {
    "BO": "开标",
    "EV": "评标",
    "NG": "谈判",
    "LT": "摇号",
    "LA": "土地拍卖",
    "ED": "专家抽取",
}
SESSION_STATUS = {
    "scheduled": "待开始",
    "open": "进行中",
    "paused": "暂停",
    "done": "已结束",
    "cancelled": "已取消",
}
SESSION_EVENT = {
    "check_in": "签到",
    "decryption": "解密",
    "price_read": "唱标",
    "objection": "异议",
    "pause": "暂停",
    "expert_left": "专家离场",
    "device_lost": "设备离线",
    "finding": "发现问题",
}
ROLE = {"monitor": "监标人", "supervisor": "监督人员"}
CLASS = {
    "works": "建设工程",
    "procurement": "政府采购",
    "land": "土地使用权",
    "mining": "矿业权",
    "property": "国有产权",
    "other": "其他",
}
METHOD = {"open": "公开招标", "selective": "邀请招标", "limited": "谈判、磋商等", "direct": "直接发包"}
ACTION = {
    "play_footage": "播放录像",
    "export_footage": "下载录像",
    "hold_footage": "保全录像",
    "release_footage": "解除保全",
    "request_evidence": "申请证据包",
    "approve_evidence": "批准证据包",
    "reject_evidence": "驳回证据包",
    "retry_evidence": "重新制作证据包",
    "build_evidence": "制成证据包",
    "fail_evidence": "证据包未制成",
    "take_evidence": "下载证据包",
}


def word(words: Mapping[str, str], code: str | None) -> str:
    """The word of a code; the code itself where there is none, "-" for nothing."""
    return words.get(code, code) if code else "-"


def clock(at: datetime | None) -> str:
    """Day and time in Shanghai to the second; "-" for none."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" if at else "-"


def exact_clock(at: datetime) -> str:
    """Day and time in Shanghai to the millisecond."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S.%f}"[:-3]


def length(duration: timedelta) -> str:
    """A duration, for example 1小时02分05秒; below a minute with tenths."""
    seconds = duration.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f}秒".replace(".0秒", "秒")
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}小时{minutes:02d}分" if hours else f"{minutes}分") + f"{seconds:02d}秒"


def size(count: int) -> str:
    """Bytes as kB, MB or GB of powers of ten."""
    if count < 1e6:
        return f"{count / 1e3:.1f} kB"
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
