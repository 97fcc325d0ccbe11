"""The closed lists of the field, with the codes stored in the database.

English names follow the Open Contracting Data Standard where it has one. The Chinese and English words for
each code stand in the language files under the enumeration's section, for example `project_class.works`.
"""

from enum import StrEnum


class ProjectClass(StrEnum):
    """项目类别; the numbers are the centre's class codes (see `CLASS_CODES`)."""

    WORKS = "works"
    PROCUREMENT = "procurement"
    LAND = "land"
    MINING = "mining"
    PROPERTY = "property"
    OTHER = "other"


CLASS_CODES = {
    "01": ProjectClass.WORKS,
    "02": ProjectClass.PROCUREMENT,
    "03": ProjectClass.LAND,
    "04": ProjectClass.MINING,
    "05": ProjectClass.PROPERTY,
    "90": ProjectClass.OTHER,
}

# Sold to the highest bidder: a saving has no meaning there, a premium has (domain KPI 5 and 7).
CLASSES_WITHOUT_SAVING = frozenset({ProjectClass.LAND, ProjectClass.PROPERTY})


class ProcurementMethod(StrEnum):
    """采购方式 (OCDS procurementMethod): 公开招标, 邀请招标, 竞争性谈判等限制性方式, 直接发包."""

    OPEN = "open"
    SELECTIVE = "selective"
    LIMITED = "limited"
    DIRECT = "direct"


class LotStatus(StrEnum):
    """标段状态."""

    PLANNED = "planned"
    ACTIVE = "active"
    COMPLETE = "complete"
    UNSUCCESSFUL = "unsuccessful"
    CANCELLED = "cancelled"


class AwardStatus(StrEnum):
    """中标状态 (OCDS awardStatus)."""

    ACTIVE = "active"
    CANCELLED = "cancelled"


class RoomType(StrEnum):
    """场所类型."""

    BID_OPENING = "bid_opening"
    EVALUATION = "evaluation"
    NEGOTIATION = "negotiation"
    EXPERT_DRAW = "expert_draw"
    LOTTERY = "lottery"
    AUCTION = "auction"
    SUPERVISION = "supervision"
    OFF_SITE = "off_site"


class SessionType(StrEnum):
    """场次类型: 开标, 评标, 谈判, 摇号, 土地拍卖, 专家抽取."""

    OPENING = "BO"
    EVALUATION = "EV"
    NEGOTIATION = "NG"
    LOTTERY = "LT"
    LAND_AUCTION = "LA"
    EXPERT_DRAW = "ED"


# Sessions "on the floor" (domain KPI 2): evaluations and draws are steps of them.
FLOOR_SESSION_TYPES = (
    SessionType.OPENING,
    SessionType.NEGOTIATION,
    SessionType.LOTTERY,
    SessionType.LAND_AUCTION,
)


class SessionStatus(StrEnum):
    """场次状态."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


class ParticipantRole(StrEnum):
    """Who was present for the supervisors: 监标人, 监督人员."""

    MONITOR = "monitor"
    SUPERVISOR = "supervisor"


class Library(StrEnum):
    """企业库: 施工单位, 代理机构, 造价咨询, 供应商."""

    CONTRACTOR = "contractor"
    AGENCY = "agency"
    COST_CONSULTANT = "cost_consultant"
    SUPPLIER = "supplier"


class DrawResponse(StrEnum):
    """抽取应答: 接受, 拒绝, 未应答."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"


class PenaltyKind(StrEnum):
    """处罚种类: 提醒, 警告, 扣分, 暂停评标, 移出专家库, 取消资格, 罚款, 移送."""

    REMINDER = "reminder"
    WARNING = "warning"
    POINT_DEDUCTION = "point_deduction"
    SUSPENSION = "suspension"
    REMOVAL = "removal"
    DISQUALIFICATION = "disqualification"
    FINE = "fine"
    REFERRAL = "referral"


class PenaltyBehaviour(StrEnum):
    """违规行为, 招标投标法实施条例 art. 71."""

    NOT_RECUSING = "not_recusing"
    LEAVING_POST = "leaving_post"
    NOT_FOLLOWING_CRITERIA = "not_following_criteria"
    PRIVATE_CONTACT = "private_contact"
    SOLICITING_BUYER = "soliciting_buyer"
    NOT_REJECTING = "not_rejecting"
    INDUCING_CLARIFICATION = "inducing_clarification"
    OTHER = "other"


class ComplaintType(StrEnum):
    """受理类型: 异议, 质疑, 投诉, 信访, 来信, 转办."""

    OBJECTION = "objection"
    QUERY = "query"
    COMPLAINT = "complaint"
    PETITION = "petition"
    LETTER = "letter"
    TRANSFERRED = "transferred"


class ComplaintTrack(StrEnum):
    """适用程序: 工程建设 (招标投标法), 政府采购 (政府采购法)."""

    WORKS = "works"
    PROCUREMENT = "procurement"


class GapCause(StrEnum):
    """Why there is no footage: 摄像头, 网络, 录像服务, 磁盘, 计划内, 不明."""

    CAMERA = "camera"
    NETWORK = "network"
    RECORDER = "recorder"
    DISK = "disk"
    PLANNED = "planned"
    UNKNOWN = "unknown"


class RecordingPolicy(StrEnum):
    """When a camera is recorded: always, or from 15 minutes before to 15 after each session of its room."""

    ALWAYS = "always"
    SESSIONS = "sessions"


class FootageEventKind(StrEnum):
    """What befell: this machine's clock was set, the camera's timestamps jumped, its format changed."""

    CLOCK_STEP = "clock_step"
    TIMESTAMPS_JUMPED = "timestamps_jumped"
    FORMAT_CHANGED = "format_changed"


class FootageFault(StrEnum):
    """What an integrity check finds: 文件被改, 文件缺失, 多余文件, 文件调换, 记录被改, 封存被改."""

    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"
    SWAPPED = "swapped"
    ROW_CHANGED = "row_changed"
    SEAL_CHANGED = "seal_changed"


class ExportStatus(StrEnum):
    """证据包: 待审批, 已批准待制作, 已驳回, 可下载, 制作失败."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    READY = "ready"
    FAILED = "failed"


class ArchiveStatus(StrEnum):
    """归档: 复制中, 已校验, 失败."""

    COPYING = "copying"
    VERIFIED = "verified"
    FAILED = "failed"


class CameraSource(StrEnum):
    """Where a camera's pictures come from: a device on the network, or a browser (外出开评标)."""

    NETWORK = "network"
    BROWSER = "browser"


class MarkKind(StrEnum):
    """What an inspector marks while watching: 疑似违规, 人员离席, 无关人员, 现场争议, 设备异常, 其他."""

    IRREGULARITY = "irregularity"
    LEFT_POST = "left_post"
    STRANGER = "stranger"
    DISPUTE = "dispute"
    DEVICE = "device"
    OTHER = "other"


class FindingSource(StrEnum):
    """线索来源: 实时监看, 录像调阅, 规则预警, 投诉, 检查."""

    LIVE = "live"
    FOOTAGE = "footage"
    RULE = "rule"
    COMPLAINT = "complaint"
    INSPECTION = "inspection"


class FindingStatus(StrEnum):
    """线索状态; a draft is its author's until it is submitted as new. Nothing is deleted."""

    DRAFT = "draft"
    NEW = "new"
    TRIAGED = "triaged"
    VERIFYING = "verifying"
    SUBSTANTIATED = "substantiated"
    UNSUBSTANTIATED = "unsubstantiated"
    RECTIFYING = "rectifying"
    TRANSFERRED = "transferred"
    CLOSED = "closed"


class AlertKind(StrEnum):
    """告警: 摄像头中断, 录像滞后, 磁盘余量不足, 场次无在线摄像头, 保存期限不保, 录像完整性异常."""

    CAMERA_LOST = "camera_lost"
    RECORDING_BEHIND = "recording_behind"
    DISK_LOW = "disk_low"
    SESSION_WITHOUT_CAMERA = "session_without_camera"
    RETENTION_AT_RISK = "retention_at_risk"
    FOOTAGE_FAULT = "footage_fault"


class Role(StrEnum):
    """Account roles: 系统管理员, 行政监管人员, 纪检监察人员, 交易中心人员."""

    ADMINISTRATOR = "administrator"
    SUPERVISOR = "supervisor"
    INSPECTOR = "inspector"
    STAFF = "staff"
