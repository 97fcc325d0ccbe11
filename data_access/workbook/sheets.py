"""The one table of sheets and columns. Template, reading, explanation and import all follow it.

The Chinese words for import stand here because they are the file's format, not interface text: a workbook
filled in last year must read the same after the interface has been reworded.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from data_access.workbook.closed_lists import (
    AWARD_STATUS,
    BEHAVIOUR,
    COMPLAINT_TYPE,
    CURRENCY,
    DRAW_RESPONSE,
    GRADE,
    LIBRARY,
    LOT_STATUS,
    METHOD,
    PENALTY_KIND,
    PROJECT_CLASS,
    SESSION_STATUS,
    SESSION_TYPE,
    TRACK,
    UNIT,
    YES_NO,
)
from data_access.workbook.kinds import (
    CODE,
    CODES,
    COUNT,
    CREDIT_CODE,
    DAY,
    INSTANT,
    LAST_DAY,
    MONEY,
    NAME,
    NAMES,
    POINTS,
    REGION,
    TEXT,
    Kind,
    plain,
)

UNIT_FIELD = "unit"


@dataclass(frozen=True)
class Column:
    """One column: `field` is `table.column` of the database, or a name the import knows."""

    header: str
    field: str
    kind: Kind
    english: str
    required: bool = False
    example: str = ""
    help: str = ""
    default: object = None
    """What a blank cell of a present column means."""
    also: tuple[str, ...] = ()
    """Other headers for the same column."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: a row is one `key`; importing a key again changes that row."""

    name: str
    english: str
    about: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    by_header: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = {name: column for column in self.columns for name in (column.header, *column.also)}
        object.__setattr__(self, "by_header", {normal_header(name): names[name] for name in names})

    def header(self, field: str) -> str:
        """The header of the column that fills `field`."""
        return next(column.header for column in self.columns if column.field == field)


def normal_header(text: str) -> str:
    """A header without spaces, line breaks, full-width forms and the star of a required column."""
    return plain(text).replace(" ", "").rstrip("*")


def _section_code(field: str, help: str) -> Column:  # noqa: A002
    return Column("标段编号", field, CODE, "section code", example="ZB2023-001-01", help=help)


def _unit(example: str) -> Column:
    # Not `required`: an amount may declare its unit in its header instead, and a row may have no amount.
    help_ = f"填有金额时必填；也可在金额的表头写明，如“{example}（万元）”"
    return Column("金额单位", UNIT_FIELD, UNIT, "unit of the amounts", example="万元", help=help_)


LOTS = Sheet(
    "项目标段",
    "projects and lots",
    "每行一个标段（包）。土地、产权也填在此表，用起始价和成交价。同一项目的多个标段各占一行，项目信息须一致。",
    ("lot.section_code",),
    (
        Column("项目编号", "project.code", CODE, "tender project code", True, "ZB2023-001"),
        Column("项目名称", "project.name", TEXT, "project name", True, "示范区中心小学改扩建工程"),
        Column("项目类别", "project.project_class", PROJECT_CLASS, "project class", True, "建设工程",
               "也可填代码 01、02、03、04、05、90", also=("类别",)),
        Column("区划代码", "project.region_code", REGION, "region code", example="440305", also=("区划",)),
        Column("招标人（采购人）", "project.buyer", TEXT, "buyer", example="示范区教育局",
               help="土地填出让方", also=("招标人", "采购人", "招标人/采购人", "出让人")),
        Column("代理机构", "project.agency", TEXT, "agency", example="某某招标代理有限公司"),
        Column("项目受理时间", "project.accepted_at", INSTANT, "project accepted at", example="2023-01-05"),
        Column("标段编号", "lot.section_code", CODE, "section code", True, "ZB2023-001-01",
               "全库唯一；再次导入同一编号即更新该标段", also=("标段(包)编号", "包号")),
        Column("标段名称", "lot.title", TEXT, "lot title", True, "施工总承包", also=("标段(包)名称",)),
        Column("招标方式", "lot.method", METHOD, "procurement method", example="公开招标",
               help="拍卖、挂牌按公开招标统计", also=("采购方式", "交易方式")),
        Column("是否简易程序", "lot.simplified", YES_NO, "simplified procedure", example="否",
               help="空白为否", default=False, also=("简易程序", "是否简易程序发包")),
        Column("标段状态", "lot.status", LOT_STATUS, "lot status", example="已成交",
               help="空白：有有效中标的为已成交，其余为进行中"),
        _unit("预算价"),
        Column("币种", "lot.currency", CURRENCY, "currency", example="人民币", help="空白为人民币",
               default="CNY"),
        Column("预算价", "lot.budget", MONEY, "budget", example="1250.5", help="工程和采购填写",
               also=("预算金额", "预算")),
        Column("起始价", "lot.starting_price", MONEY, "starting price", example="8000",
               help="土地、产权填写，溢价 = 成交价 - 起始价", also=("起拍价",)),
        Column("公告时间", "lot.published_at", INSTANT, "published at", example="2023-02-01 09:00"),
        Column("投标截止时间", "lot.bid_deadline", INSTANT, "bid deadline", example="2023-02-28 09:30",
               also=("投标截止",)),
        Column("中标人", "award.supplier_name", TEXT, "supplier", example="某某建设有限公司",
               also=("成交人", "竞得人", "供应商")),
        Column("中标人信用代码", "award.supplier_uscc", CREDIT_CODE, "supplier's credit code",
               example="91110000600037341L", also=("中标人统一社会信用代码",)),
        Column("成交价", "award.amount", MONEY, "award amount", example="1180",
               help="填了成交价须同时填中标日期", also=("中标价", "成交额", "中标金额", "成交金额")),
        Column("中标日期", "award.decided_at", INSTANT, "award decided at", example="2023-03-10",
               help="按此日期计入统计期", also=("成交日期", "中标时间", "成交时间")),
        Column("中标状态", "award.status", AWARD_STATUS, "award status", example="有效",
               help="空白为有效；作废的不计入统计"),
    ),
)  # fmt: skip

SESSIONS = Sheet(
    "场次",
    "sessions",
    "每行一个场次：开标、评标、谈判、摇号、土地拍卖或专家抽取。标段须先登记在“项目标段”表或已入库。",
    ("session.code",),
    (
        Column("场次编号", "session.code", CODE, "session code", True, "KB2023-0101"),
        Column("场次类型", "session.type", SESSION_TYPE, "session type", True, "开标", also=("类型",)),
        Column("场所", "room", NAME, "room", example="开标一室", also=("房间", "开标室", "场地"),
               help="未登记的场所按场次类型自动新建；有评标场次的建为评标室"),
        Column("标段编号", "lots", CODES, "section codes", example="ZB2023-001-01、ZB2023-001-02",
               help="可填多个"),
        Column("招标方式", "session.method", METHOD, "procurement method", example="公开招标",
               help="空白时取各标段共同的招标方式", also=("采购方式", "交易方式")),
        Column("是否外出", "session.off_site", YES_NO, "off-site", example="否", help="外出开评标；空白为否",
               default=False, also=("外出开评标",)),
        Column("计划开始", "session.planned_start", INSTANT, "planned start", True, "2023-02-28 09:30",
               also=("计划开始时间", "计划时间")),
        Column("计划结束", "session.planned_end", INSTANT, "planned end", example="2023-02-28 11:00",
               also=("计划结束时间",)),
        Column("实际开始", "session.actual_start", INSTANT, "actual start", example="2023-02-28 09:31",
               help="按此时间计入统计期", also=("实际开始时间",)),
        Column("实际结束", "session.actual_end", INSTANT, "actual end", example="2023-02-28 10:45",
               also=("实际结束时间",)),
        Column("场次状态", "session.status", SESSION_STATUS, "session status", True, "已结束",
               also=("状态",)),
        Column("监标人", "monitors", NAMES, "monitors", example="王某、李某"),
        Column("监督人员", "supervisors", NAMES, "supervisors", example="赵某、钱某（远程）",
               help="有监督人员的开标计入开标监管"),
        Column("投标人数", "session.bidder_count", COUNT, "bidders", example="5", also=("投标人数量",)),
        Column("是否异常", "session.abnormal", YES_NO, "abnormal", example="否", help="空白为否",
               default=False, also=("异常",)),
    ),
)  # fmt: skip

DRAWS = Sheet(
    "专家抽取",
    "expert draws",
    "每行一名被抽中的专家。应答为“接受”的计入抽取人次。同一专家的姓名须一致。",
    ("expert.code", "lot_code", "draw.drawn_at"),
    (
        Column("专家编号", "expert.code", CODE, "expert code", True, "ZJ0001"),
        Column("专家姓名", "expert.name", NAME, "expert name", True, "孙某", also=("姓名",)),
        Column("工作单位", "expert.employer", TEXT, "employer", example="某某设计院"),
        Column("评标专业", "expert.speciality", TEXT, "speciality", example="房屋建筑", also=("专业",)),
        _section_code("lot_code", "须先登记在“项目标段”表或已入库"),
        Column("抽取时间", "draw.drawn_at", INSTANT, "drawn at", True, "2023-02-27 15:00",
               "按此时间计入统计期"),
        Column("应答", "draw.response", DRAW_RESPONSE, "response", True, "接受", also=("应答结果",)),
        Column("是否补抽", "draw.replacement", YES_NO, "replacement", example="否", help="空白为否",
               default=False, also=("补抽",)),
    ),
)  # fmt: skip

PENALTIES = Sheet(
    "专家处罚",
    "expert penalties",
    "每行一名专家因一种行为受到的一次处罚。同时扣分和暂停的填一行，种类填较重的，扣分数和暂停日期都填。",
    ("penalty.document_no", "expert.code", "penalty.behaviour"),
    (
        Column("处罚文号", "penalty.document_no", CODE, "document number", True, "示公资〔2023〕12号",
               "没有文号的填内部处理单编号；文号、专家、行为相同的视为同一处罚", also=("文号",)),
        Column("专家编号", "expert.code", CODE, "expert code", True, "ZJ0001"),
        Column("专家姓名", "expert.name", NAME, "expert name", True, "孙某", also=("姓名",)),
        Column("场次编号", "session_code", CODE, "session code", example="PB2023-0101",
               help="须先登记在“场次”表或已入库"),
        Column("处罚种类", "penalty.kind", PENALTY_KIND, "kind of penalty", True, "扣分"),
        Column("违规行为", "penalty.behaviour", BEHAVIOUR, "behaviour", True, "擅离职守",
               "《招标投标法实施条例》第七十一条"),
        Column("扣分", "penalty.points", POINTS, "points deducted", example="5", also=("扣分数",)),
        Column("暂停起始日", "penalty.suspended_from", DAY, "suspended from", example="2023-07-01"),
        Column("暂停截止日", "penalty.suspended_to", LAST_DAY, "last day suspended", example="2023-12-31",
               help="暂停的最后一天"),
        Column("决定时间", "penalty.decided_at", INSTANT, "decided at", True, "2023-06-20",
               "按此时间计入统计期", also=("处罚时间", "决定日期")),
        Column("决定机关", "penalty.decided_by", TEXT, "decided by", example="示范区发展和改革局"),
        Column("法律依据", "penalty.legal_basis", TEXT, "legal basis",
               example="招标投标法实施条例第七十一条"),
        Column("事实", "penalty.facts", TEXT, "facts", example="评标期间擅自离开评标室 20 分钟",
               also=("违规事实",)),
    ),
)  # fmt: skip

ENTERPRISES = Sheet(
    "企业库",
    "enterprise library",
    "每行一家企业在一个库中的一段在库时间。一家企业在两个库的填两行；退库后再入库的另填一行。",
    ("enterprise.uscc", "membership.library", "membership.joined_on"),
    (
        Column("信用代码", "enterprise.uscc", CREDIT_CODE, "credit code", True, "91110000600037341L",
               "18 位统一社会信用代码", also=("统一社会信用代码",)),
        Column("企业名称", "enterprise.name", TEXT, "enterprise name", True, "某某建设有限公司"),
        Column("区划代码", "enterprise.region_code", REGION, "region code", example="440305", also=("区划",)),
        Column("是否本地", "enterprise.local", YES_NO, "local", example="是", help="新企业空白为是",
               also=("本地企业",)),
        Column("库类别", "membership.library", LIBRARY, "library", True, "施工单位", also=("库",)),
        Column("等级", "membership.grade", GRADE, "grade", example="A"),
        Column("入库日期", "membership.joined_on", DAY, "joined on", True, "2022-03-01"),
        Column("出库日期", "membership.left_on", DAY, "left on", example="2023-05-31",
               help="当日起不在库；空白为仍在库", also=("退库日期",)),
        Column("出库原因", "membership.leave_reason", TEXT, "reason for leaving", also=("退库原因",)),
    ),
)  # fmt: skip

COMPLAINTS = Sheet(
    "投诉信访",
    "complaints and petitions",
    "每行一件异议、质疑、投诉、信访、来信或转办件。请勿填写投诉人身份信息。",
    ("complaint.code",),
    (
        Column("受理编号", "complaint.code", CODE, "complaint code", True, "TS2023-001"),
        Column("受理类型", "complaint.type", COMPLAINT_TYPE, "type", True, "投诉", also=("类型",)),
        Column("适用程序", "complaint.track", TRACK, "track", example="工程建设"),
        _section_code("lot_code", "须先登记在“项目标段”表或已入库"),
        Column("事由", "complaint.subject", TEXT, "subject", True, "反映评标结果有误",
               also=("主题", "投诉事项")),
        Column("受理时间", "complaint.received_at", INSTANT, "received at", True, "2023-04-03",
               "按此时间计入统计期", also=("受理日期",)),
        Column("应办结日期", "complaint.due_on", DAY, "due on", example="2023-05-18"),
        Column("办结时间", "complaint.decided_at", INSTANT, "decided at", example="2023-04-25",
               help="空白为未办结", also=("办结日期",)),
        Column("处理结果", "complaint.result", TEXT, "result", example="投诉缺乏事实依据，驳回"),
    ),
)  # fmt: skip

ORDERS = Sheet(
    "商城订单",
    "mall orders",
    "每行一笔网上商城订单。",
    ("order.order_no",),
    (
        Column("订单号", "order.order_no", CODE, "order number", True, "SC20230001", also=("订单编号",)),
        Column("采购单位", "order.buyer", TEXT, "buyer", example="示范区教育局", also=("采购人",)),
        Column("供应商", "order.supplier", TEXT, "supplier", example="某某商贸有限公司"),
        Column("品类", "order.category", TEXT, "category", example="办公设备"),
        _unit("金额"),
        Column("金额", "order.amount", MONEY, "amount", True, "7.2", also=("订单金额",)),
        Column("下单时间", "order.ordered_at", INSTANT, "ordered at", True, "2023-03-15 10:20",
               "按此时间计入统计期", also=("下单日期",)),
    ),
)  # fmt: skip

INSPECTIONS = Sheet(
    "标后检查",
    "post-award inspections",
    "每行一次标后履约检查。",
    ("inspection.code",),
    (
        Column("检查编号", "inspection.code", CODE, "inspection code", True, "BH2023-001"),
        _section_code("lot_code", "须先登记在“项目标段”表或已入库"),
        Column("企业名称", "inspection.enterprise_name", TEXT, "enterprise", example="某某建设有限公司"),
        Column("检查日期", "inspection.inspected_on", DAY, "inspected on", True, "2023-06-15",
               "按此日期计入统计期"),
        Column("检查结果", "inspection.result", TEXT, "result", example="项目经理到岗率不足，责令整改"),
        Column("办结日期", "inspection.closed_on", DAY, "closed on", example="2023-06-30",
               also=("整改完成日期",)),
    ),
)  # fmt: skip

# In the order of import: what is referred to comes first.
SHEETS = (LOTS, SESSIONS, DRAWS, PENALTIES, ENTERPRISES, COMPLAINTS, ORDERS, INSPECTIONS)
EXPLANATION = "填写说明"
ROW_HEADER, REASON_HEADER = "原行号", "退回原因"  # of returned workbooks; ignored when they come back
