"""The closed lists of the workbooks: Chinese words and the codes they stand for.

They are the file's format, not interface text: a workbook filled in last year must read the same after the
interface has been reworded. The words of a list are offered in its drop-down; `also` are spellings taken
without being offered. Several words may stand for one code.
"""

from decimal import Decimal

from data_access.workbook.kinds import chosen_from
from domain.vocabulary import (
    CLASS_CODES,
    AwardStatus,
    ComplaintTrack,
    ComplaintType,
    DrawResponse,
    Library,
    LotStatus,
    PenaltyBehaviour,
    PenaltyKind,
    ProcurementMethod,
    ProjectClass,
    SessionStatus,
    SessionType,
)

YES_NO = chosen_from({"是": True, "否": False}, {"√": True, "yes": True, "no": False})
UNIT = chosen_from({"元": Decimal(1), "万元": Decimal(10_000)})
PROJECT_CLASS = chosen_from(
    {
        "建设工程": ProjectClass.WORKS,
        "政府采购": ProjectClass.PROCUREMENT,
        "土地使用权": ProjectClass.LAND,
        "矿业权": ProjectClass.MINING,
        "国有产权": ProjectClass.PROPERTY,
        "其他": ProjectClass.OTHER,
    },
    # A spreadsheet turns 01 into the number 1.
    {
        **CLASS_CODES,
        **{code.lstrip("0"): value for code, value in CLASS_CODES.items()},
        "工程建设": ProjectClass.WORKS,
    },
)
METHOD = chosen_from(
    {
        "公开招标": ProcurementMethod.OPEN,
        "邀请招标": ProcurementMethod.SELECTIVE,
        "竞争性谈判": ProcurementMethod.LIMITED,
        "竞争性磋商": ProcurementMethod.LIMITED,
        "询价": ProcurementMethod.LIMITED,
        "单一来源": ProcurementMethod.DIRECT,
        "直接发包": ProcurementMethod.DIRECT,
    },
    # Land and property are sold in public to the highest bidder.
    dict.fromkeys(("公开", "拍卖", "挂牌", "公开拍卖", "公开挂牌"), ProcurementMethod.OPEN)
    | {"邀请": ProcurementMethod.SELECTIVE, "直接委托": ProcurementMethod.DIRECT},
)
LOT_STATUS = chosen_from(
    {
        "计划": LotStatus.PLANNED,
        "进行中": LotStatus.ACTIVE,
        "已成交": LotStatus.COMPLETE,
        "流标": LotStatus.UNSUCCESSFUL,
        "已取消": LotStatus.CANCELLED,
    },
    {"完成": LotStatus.COMPLETE, "废标": LotStatus.UNSUCCESSFUL, "终止": LotStatus.CANCELLED},
)
AWARD_STATUS = chosen_from(
    {"有效": AwardStatus.ACTIVE, "作废": AwardStatus.CANCELLED}, {"取消": AwardStatus.CANCELLED}
)
CURRENCY = chosen_from(
    {"人民币": "CNY", "港元": "HKD", "美元": "USD"}, {"CNY": "CNY", "RMB": "CNY", "HKD": "HKD", "USD": "USD"}
)
SESSION_TYPE = chosen_from(
    {
        "开标": SessionType.OPENING,
        "评标": SessionType.EVALUATION,
        "谈判": SessionType.NEGOTIATION,
        "摇号": SessionType.LOTTERY,
        "土地拍卖": SessionType.LAND_AUCTION,
        "专家抽取": SessionType.EXPERT_DRAW,
    },
    {"拍卖": SessionType.LAND_AUCTION, "抽取": SessionType.EXPERT_DRAW},
)
SESSION_STATUS = chosen_from(
    {
        "待开始": SessionStatus.SCHEDULED,
        "进行中": SessionStatus.OPEN,
        "暂停": SessionStatus.PAUSED,
        "已结束": SessionStatus.DONE,
        "已取消": SessionStatus.CANCELLED,
    },
    {"未开始": SessionStatus.SCHEDULED, "已完成": SessionStatus.DONE, "取消": SessionStatus.CANCELLED},
)
DRAW_RESPONSE = chosen_from(
    {"接受": DrawResponse.ACCEPTED, "拒绝": DrawResponse.DECLINED, "未应答": DrawResponse.NO_ANSWER},
    {"参加": DrawResponse.ACCEPTED, "不参加": DrawResponse.DECLINED, "未接通": DrawResponse.NO_ANSWER},
)
PENALTY_KIND = chosen_from(
    {
        "提醒": PenaltyKind.REMINDER,
        "警告": PenaltyKind.WARNING,
        "扣分": PenaltyKind.POINT_DEDUCTION,
        "暂停评标": PenaltyKind.SUSPENSION,
        "移出专家库": PenaltyKind.REMOVAL,
        "取消资格": PenaltyKind.DISQUALIFICATION,
        "罚款": PenaltyKind.FINE,
        "移送": PenaltyKind.REFERRAL,
    }
)
BEHAVIOUR = chosen_from(
    {
        "应回避而不回避": PenaltyBehaviour.NOT_RECUSING,
        "擅离职守": PenaltyBehaviour.LEAVING_POST,
        "未按评标标准和方法评标": PenaltyBehaviour.NOT_FOLLOWING_CRITERIA,
        "私下接触投标人": PenaltyBehaviour.PRIVATE_CONTACT,
        "征询招标人倾向意见": PenaltyBehaviour.SOLICITING_BUYER,
        "对应否决的投标不否决": PenaltyBehaviour.NOT_REJECTING,
        "诱导澄清说明": PenaltyBehaviour.INDUCING_CLARIFICATION,
        "其他": PenaltyBehaviour.OTHER,
    }
)
LIBRARY = chosen_from(
    {
        "施工单位": Library.CONTRACTOR,
        "代理机构": Library.AGENCY,
        "造价咨询": Library.COST_CONSULTANT,
        "供应商": Library.SUPPLIER,
    }
)
GRADE = chosen_from({"A": "A", "B": "B", "C": "C", "D": "D"})
COMPLAINT_TYPE = chosen_from(
    {
        "异议": ComplaintType.OBJECTION,
        "质疑": ComplaintType.QUERY,
        "投诉": ComplaintType.COMPLAINT,
        "信访": ComplaintType.PETITION,
        "来信": ComplaintType.LETTER,
        "转办": ComplaintType.TRANSFERRED,
    }
)
TRACK = chosen_from(
    {"工程建设": ComplaintTrack.WORKS, "政府采购": ComplaintTrack.PROCUREMENT},
    {"建设工程": ComplaintTrack.WORKS},
)
