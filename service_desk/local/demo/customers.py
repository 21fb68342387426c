"""The demo company's customers: units of every size, with contacts, numbers as people write them, products in use."""

from __future__ import annotations

from datetime import date

from service_desk.customers.models import Contact, Customer, InstalledProduct, PhoneNumber
from service_desk.people.models import ProductType

#: name, address, contact, position, number as written, products in use
CUSTOMERS = (
    (
        "广东移动深圳分公司网络运维中心",
        "深圳市福田区莲花路 1099 号",
        "欧阳建国",
        "值班长",
        "0755/2677-2892",
        ("GSM 基站", "5G 室内分布系统"),
    ),
    (
        "深圳市福田区政务服务数据管理局",
        "深圳市福田区福民路 123 号",
        "梁晓燕",
        "信息科科长",
        "0755-8291 8888",
        ("IP 承载网路由器",),
    ),
    (
        "中国联通四川省分公司成都市高新区网络建设与维护中心第三机房",
        "成都市高新区天府大道 1480 号",
        "邹勇",
        "机房主任",
        "+86 138 8012 6677",
        ("SDH 传输设备", "核心网软交换"),
    ),
    (
        "新疆维吾尔自治区广播电视局乌鲁木齐传输台",
        "乌鲁木齐市沙依巴克区西山路 84 号",
        "古丽娜尔·艾合买提",
        "技术员",
        "0991-4512233 转 806",
        ("SDH 传输设备", "动力与环境监控"),
    ),
    (
        "招商银行股份有限公司深圳分行",
        "深圳市深南大道 7088 号",
        "郑文斌",
        "科技部经理",
        "13823456789",
        ("IP 承载网路由器",),
    ),
    (
        "重庆长江轨道交通运营有限公司",
        "重庆市渝北区金开大道 90 号",
        "蒋琳",
        "通信工区长",
        "023 6800 1234",
        ("5G 室内分布系统", "动力与环境监控"),
    ),
    (
        "四川大学华西医院信息中心",
        "成都市武侯区国学巷 37 号",
        "曾凡",
        "网络工程师",
        "028-85422114",
        ("IP 承载网路由器", "5G 室内分布系统"),
    ),
    (
        "深圳宝安国际机场股份有限公司",
        "深圳市宝安区机场道 1011 号",
        "潘志远",
        "弱电主管",
        "0755-2345 6789/0755-2345 6790",
        ("5G 室内分布系统", "电梯"),
    ),
    ("云南电网有限责任公司昆明供电局", "昆明市拓东路 73 号", "普永华", "调度班长", "0871-63012345", ("SDH 传输设备",)),
    (
        "翠竹苑小区业主委员会",
        "深圳市罗湖区翠竹路 2058 号",
        "何阿姨",
        "楼长",
        "13510023456",
        ("电梯", "给排水系统", "公共照明"),
    ),
    ("碧海蓝天花园", "深圳市宝安区海秀路 19 号", "李先生", "业主", "136 3260 7788", ("电梯", "公共照明")),
    ("金地名津 B 座 2301", "深圳市福田区沙嘴路 8 号", "钟女士", "住户", "(0755) 8345-1200", ("给排水系统",)),
    (
        "西藏自治区那曲市色尼区教育局",
        "那曲市色尼区浙江中路 12 号",
        "次仁顿珠",
        "办公室主任",
        "0896-3822119",
        ("IP 承载网路由器",),
    ),
    (
        "中铁二局集团有限公司成贵铁路通信信号工程项目经理部",
        "成都市金牛区通锦路 16 号",
        "汪海洋",
        "项目总工",
        "+86-028-8644-0101",
        ("GSM 基站", "SDH 传输设备"),
    ),
    (
        "海南省三亚市海棠湾免税购物中心",
        "三亚市海棠北路 118 号",
        "符小妹",
        "机电部",
        "0898-88870000",
        ("电梯", "公共照明", "5G 室内分布系统"),
    ),
    (
        "贵阳大数据交易所",
        "贵阳市观山湖区长岭北路 8 号",
        "韦立",
        "运维负责人",
        "18685012345",
        ("IP 承载网路由器", "动力与环境监控"),
    ),
)


def build(products: dict[str, ProductType]) -> dict[str, Customer]:
    """Write the customers; found again by the first six characters of their names."""
    found: dict[str, Customer] = {}
    for number, (name, address, person, position, raw, used) in enumerate(CUSTOMERS):
        customer = Customer.objects.create(name=name, address=address, region=address[:3])
        contact = Contact.objects.create(customer=customer, name=person, title=position)
        PhoneNumber(customer=customer, contact=contact, raw=raw).save()
        for place, product in enumerate(used):
            InstalledProduct.objects.create(
                customer=customer,
                product_type=products[product],
                model=f"HX-{3200 + number * 40 + place}",
                serial=f"21{number:03d}{place:02d}6A7",
                location=f"{place + 1} 号机房",
                installed_on=date(2019 + number % 6, 1 + number % 12, 15),
            )
        found[name[:6]] = customer
    return found
