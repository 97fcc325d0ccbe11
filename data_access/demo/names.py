"""Invented names: of a district that does not exist, its projects, enterprises and people."""

from random import Random

from stdnum.cn import uscc


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


REGION_CODE = "999900"
REGION_NAME = "示范区"

PLACES = _words(
    "青禾 云溪 锦湖 望舒 南屿 东澜 石榴岭 白鹭湾 松涛 梧桐里 澄波 朝霞 翠屏 长汀洲 栖霞坪 "
    "金穗 月牙湾 桃源埔 清泉 北渡 枫桥坊 碧涧 荷塘 竹影"
)

Subjects = dict[str, str]
"""Name of a project, {p} standing for a place -> who buys or sells it."""

WORKS: Subjects = {
    "{p}路道路改造工程": "示范区交通建设中心",
    "{p}社区老旧小区改造工程": "示范区住房建设局",
    "{p}小学教学楼扩建工程": "示范区建筑工务署",
    "{p}河综合整治工程": "示范区水务局",
    "{p}片区雨污分流改造工程": "示范区水务局",
    "{p}公园品质提升工程": "示范区城市管理局",
    "{p}社区卫生服务中心装修工程": "示范区卫生健康局",
    "{p}中学运动场翻新工程": "示范区教育局",
    "{p}水库除险加固工程": "示范区水务局",
    "{p}边坡治理工程": "示范区自然资源局",
    "{p}人行天桥新建工程": "示范区交通建设中心",
    "{p}派出所业务用房修缮工程": "示范区建筑工务署",
    "{p}文体中心机电安装工程": "示范区建筑工务署",
    "{p}片区给水管网改造工程": "示范区水务局",
}
SMALL_WORKS: Subjects = {
    "{p}社区零星维修工程": "示范区住房建设局",
    "{p}路道路改造工程设计": "示范区交通建设中心",
    "{p}河综合整治工程监理": "示范区水务局",
    "{p}公园绿化补植工程": "示范区城市管理局",
    "{p}小学操场围网修缮工程": "示范区教育局",
    "{p}路路灯节能改造工程": "示范区城市管理局",
    "{p}片区管网检测": "示范区水务局",
    "{p}社区停车场划线工程": "示范区住房建设局",
    "{p}街道办公楼防水修缮工程": "示范区建筑工务署",
    "{p}路道路改造工程造价咨询": "示范区交通建设中心",
    "{p}边坡治理工程勘察": "示范区自然资源局",
}
PROCUREMENT: Subjects = {
    "{p}街道环卫保洁服务": "示范区城市管理局",
    "{p}中学教学设备采购": "示范区教育局",
    "{p}医院医疗设备采购": "示范区卫生健康局",
    "{p}街道办公楼物业管理服务": "示范区机关事务中心",
    "{p}片区政务信息系统运行维护服务": "示范区政务服务局",
    "{p}小学食堂食材配送服务": "示范区教育局",
    "{p}片区视频会议系统采购": "示范区政务服务局",
    "{p}图书馆图书采购": "示范区文化体育局",
    "{p}街道公务用车租赁服务": "示范区机关事务中心",
    "{p}片区地下管线普查服务": "示范区住房建设局",
    "{p}消防救援站器材采购": "示范区消防救援大队",
    "{p}社区养老服务采购": "示范区民政局",
}
LAND: Subjects = {
    "{p}片区居住用地国有建设用地使用权": "示范区自然资源局",
    "{p}片区商业用地国有建设用地使用权": "示范区自然资源局",
    "{p}产业园工业用地国有建设用地使用权": "示范区自然资源局",
}
MALL_BUYERS = ("示范区教育局", "示范区卫生健康局", "示范区政务服务局", "示范区消防救援大队", "示范区民政局")
AGENCIES = (
    "示范区衡量招标代理有限公司",
    "示范区致公项目咨询有限公司",
    "示范区明度招标有限公司",
    "示范区同文采购服务有限公司",
)
OFFICE = "示范区公共资源交易监督管理办公室"

_COINED = _words(
    "澜岳 恒沐 启澄 瑞禾 宏屿 翰桥 诚岭 远帆塘 筑嘉 拓陌 盛槐 安砚 佳栩 博岑 立彦 景澍 卓茂坪 泰霖坊 "
    "鼎衡原 信棠 凯蔓 华樾 兴陂 和煦里 中屹 天沅 正荻 海棣 新芮 方砥"
)
_TRADES = {
    "contractor": ("建设工程", "市政工程", "装饰工程", "水利工程", "园林绿化工程"),
    "agency": ("招标代理", "项目管理咨询"),
    "cost_consultant": ("造价咨询", "工程咨询"),
    "developer": ("置业", "产业园运营"),
    "supplier": ("科技", "商贸", "物业服务", "医疗器械", "后勤服务"),
}
_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马胡朱郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余"
_GIVEN = _words(
    "伟 芳 敏 静 强 磊 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 丽 辉 玲 建国 建华 志强 秀英 文博 晓东 海燕 "
    "国栋 雪梅 立新 春生 思远 嘉怡 俊峰 永康 淑华 振宇 慧敏 家豪 雨桐 启明 婉清 子涵 庆元"
)
SPECIALITIES = (
    "房建工程",
    "市政工程",
    "水利工程",
    "园林绿化",
    "机电安装",
    "信息系统",
    "医疗设备",
    "物业服务",
    "工程造价",
)
EMPLOYERS = (
    "示范区建筑设计院",
    "示范区工程咨询公司",
    "示范大学",
    "示范区职业技术学院",
    "示范区第一医院",
    "退休专家",
)
GOODS = ("办公用品", "办公电器", "打印耗材", "家具用具", "图书音像", "劳保用品", "计算机设备", "食品饮品")


class Unique:
    """Gives every name once: a second one becomes the next phase, as projects do."""

    _PHASES = (
        "",
        "（二期）",
        "（三期）",
        "（四期）",
        "（五期）",
        "（六期）",
        "（七期）",
        "（八期）",
        "（九期）",
    )

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def project(self, rng: Random, subjects: Subjects) -> tuple[str, str]:
        """Name and buyer of a project; the name was not given before, as long as there are phases left."""
        subject, buyer = rng.choice(list(subjects.items()))
        name = subject.format(p=rng.choice(PLACES))
        phase = self._given.get(name, 0)
        self._given[name] = phase + 1
        return name + self._PHASES[min(phase, len(self._PHASES) - 1)], buyer


def enterprise(number: int, trade: str, place: str = REGION_NAME) -> str:
    """The name of the n-th enterprise of a kind; they differ up to the 60th."""
    trades = _TRADES[trade]
    return f"{place}{_COINED[number % len(_COINED)]}{trades[number // len(_COINED) % len(trades)]}有限公司"


def credit_code(number: int, region: str = REGION_CODE) -> str:
    """A unified social credit code (GB 32100) with valid check digits; the region does not exist."""
    body = f"DM{number:06d}"
    # GB 11714: the organisation code inside has a check digit of its own.
    digits = [int(character, 36) for character in body]
    rest = 11 - sum(a * b for a, b in zip(digits, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    organisation = body + "0123456789X0"[rest]
    code = f"91{region}{organisation}"
    return code + str(uscc.calc_check_digit(code))


def person(rng: Random) -> str:
    """A name of common parts."""
    return rng.choice(_SURNAMES) + rng.choice(_GIVEN)
