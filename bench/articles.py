"""(e) What a search costs: articles among 100 000, and cases among as many as the desk has; each with a synonym.

Articles are put together in SQL from titles and paragraphs whose words were made by the product's own tokeniser.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from bench.figures import Figure, Order, load, of_runs, percentile
from bench.house import House

ARTICLES, RUNS, PARAGRAPHS, SEED = 100_000, 15, 1_500, 20261122
ASKINGS = 6
AIM = 50.0


def _words(*lines: str) -> list[str]:
    """The words of some lines."""
    return " ".join(lines).split()


_THINGS = _words(
    "基站 传输设备 承载网路由器 软交换 室内分布系统 蓄电池 油机 空调 光缆 光模块 基带板",
    "时钟 中继 网管 机柜 天馈 电梯 水泵 水管 下水 路灯 消防栓 门禁 监控 道闸 配电箱",
    "充电桩 外墙 屋面 车库 对讲 水表 电表 燃气 化粪池 围栏 单元门 信箱 绿化 垃圾站",
)
_FAULTS = _words(
    "断站 退服 误码 告警 掉话 拥塞 倒换 高温 停电 水浸 漏水 堵塞 困人 不亮 异响 松动",
    "老化 锈蚀 过热 短路 跳闸 渗水 返水 失步 中断 重启 死机 丢包 时延 抖动 干扰 越限",
    "欠压 停梯 卡滞 破损 脱落 倾斜 误报 失灵",
)
_DOING = _words(
    "核查 登记 更换 复位 环回 测量 通知 派工 拍照 回访 隔离 恢复 观察 记录 上报 联系",
    "确认 清理 紧固 调整",
)
_PLACES = _words(
    "机房 站点 楼道 大厅 地下室 井道 屋顶 弱电间 配线架 泵房 门口 现场 客户侧 对端 上游",
    "环网 小区 园区 医院 学校",
)
#: Questions as people ask them: rare and common words, several of them, whole sentences, a word no dictionary has.
ASKED = (
    "退服",
    "电梯困人",
    "光缆中断怎么处理",
    "蓄电池 欠压",
    "核查",
    "水泵异响 地下室",
    "请问路灯不亮找谁报修",
    "编号00777",
    "软交换倒换后丢包",
    "客户说昨晚开始单元门对讲没有声音",
    "站",
)
_MAKE = """
INSERT INTO knowledge_article (state, owner_id, review_at)
SELECT 'new', %(author)s, now() + interval '200 days' FROM generate_series(1, %(count)s);
CREATE TEMP TABLE bench_new AS
SELECT a.id, row_number() OVER (ORDER BY a.id) AS n, now() - random() * interval '900 days' AS at,
    1 + floor(random() * %(titles)s)::int AS title,
    ARRAY(SELECT 1 + floor(random() * %(paragraphs)s)::int FROM generate_series(1, 4) WHERE a.id > 0) AS parts
FROM knowledge_article a WHERE a.state = 'new' AND a.published_id IS NULL
    AND NOT EXISTS (SELECT FROM knowledge_articleversion v WHERE v.article_id = a.id);
CREATE UNIQUE INDEX ON bench_new (id);
ANALYZE bench_new, bench_title, bench_part, knowledge_article;
INSERT INTO knowledge_articleversion (article_id, number, state, title, body, tags, audience, note, author_id,
    reviewer_id, answer, decided_at, submitted_at, created_at)
SELECT b.id, 1, 'published', t.said || ' 编号' || lpad(b.n::text, 5, '0'),
    (SELECT string_agg(p.said, E'\n\n') FROM bench_part p WHERE p.id = ANY (b.parts)), '{}',
    CASE WHEN b.n %% 3 = 0 THEN 'customers' ELSE 'staff' END, '', %(author)s, %(reviewer)s, '', b.at, b.at, b.at
FROM bench_new b JOIN bench_title t ON t.id = b.title;
ANALYZE knowledge_articleversion;
UPDATE knowledge_article a SET state = 'published', published_id = v.id, published_at = v.decided_at,
    useful = floor(random() * 20), not_useful = floor(random() * 6)
FROM knowledge_articleversion v, bench_new b WHERE v.article_id = a.id AND b.id = a.id;
INSERT INTO knowledge_articlewords (article_id, title_words, words, for_customers, published_at)
SELECT b.id, w.title, w.title || (SELECT coalesce(tsvector_agg_of(p.words), ''::tsvector) FROM bench_part p
    WHERE p.id = ANY (b.parts)), b.n %% 3 = 0, b.at
FROM bench_new b JOIN bench_title t ON t.id = b.title
CROSS JOIN LATERAL (SELECT t.words || setweight(('编号:90 号:91 ' || lpad(b.n::text, 5, '0') || ':92')::tsvector, 'A')
    AS title) AS w;
"""


def figures(order: Order) -> Iterator[Figure]:
    """Each kind of search over all questions; a run asks each of them some times."""
    from service_desk.knowledge.models import Article

    times, found = order.some(ASKINGS), []
    for _run in range(order.runs):
        before = load()
        found.append([one | {"load": before} for one in measure(runs=times)])
    said = f"{len(ASKED)} questions, {Article.objects.count():,} articles"
    for kind in zip(*found, strict=True):
        worst = max(kind[-1]["by question"].items(), key=lambda pair: pair[1])
        note = f"{said}; dearest: {worst[0]}"
        yield from of_runs(f"searching {kind[0]['what']}", kind, {"p95": AIM}, note=note)


def main() -> None:
    """Make the articles in the desk of one folder, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the data folder of a generated desk (see bench.stage)")
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--out", type=Path, required=True, help="where the figures go, as JSON")
    given = parser.parse_args()
    house = House(given.folder, print)
    house.open()
    try:
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        generate(given.articles)
        given.out.write_text(json.dumps(measure(runs=given.runs), indent=1, ensure_ascii=False))
    finally:
        house.close(keep=True)


def generate(count: int) -> None:
    """Articles as the verbs would have left them, up to this many; the same seed gives the same texts."""
    from django.db import connection, transaction

    from service_desk.knowledge.articles.words import vector
    from service_desk.knowledge.models import Article
    from service_desk.people.models import Staff

    missing = count - Article.objects.count()
    if missing <= 0:
        return
    draw = random.Random(SEED)
    author, reviewer = Staff.objects.filter(is_active=True).order_by("id").values_list("id", flat=True)[:2]
    titles = [f"{thing}{fault}的处理" for thing, fault in product(_THINGS, _FAULTS)]
    parts = [_paragraph(draw) for _ in range(PARAGRAPHS)]
    with connection.cursor() as cursor, _indexes_made_last(cursor), transaction.atomic():
        cursor.execute("SELECT setseed(0.5)")
        for name, texts, weight in (("title", titles, "A"), ("part", parts, "D")):
            cursor.execute(f"CREATE TEMP TABLE bench_{name} (id int PRIMARY KEY, said text, words tsvector)")
            rows: list[Any] = [(number, text, vector((text, weight))) for number, text in enumerate(texts, 1)]
            cursor.executemany(f"INSERT INTO bench_{name} VALUES (%s, %s, %s::tsvector)", rows)
        cursor.execute(
            "CREATE AGGREGATE pg_temp.tsvector_agg_of(tsvector) "
            "(sfunc = tsvector_concat, stype = tsvector, initcond = '')"
        )
        cursor.execute(
            _MAKE.replace("tsvector_agg_of", "pg_temp.tsvector_agg_of"),
            {
                "author": author,
                "reviewer": reviewer,
                "count": missing,
                "titles": len(titles),
                "paragraphs": len(parts),
            },
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE knowledge_article, knowledge_articlewords, knowledge_articleversion")


@contextmanager
def _indexes_made_last(cursor: Any) -> Iterator[None]:
    """Fill the table of words without its two large indexes, and make them anew from what it holds then."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes "
        "WHERE tablename = 'knowledge_articlewords' AND indexdef LIKE '% gin %'"
    )
    made = cursor.fetchall()
    for name, _statement in made:
        cursor.execute(f"DROP INDEX {name}")
    try:
        yield
    finally:
        for _name, statement in made:
            cursor.execute(statement)


def _paragraph(draw: random.Random) -> str:
    said = [
        f"到{draw.choice(_PLACES)}{draw.choice(_DOING)}{draw.choice(_THINGS)}，"
        f"如{draw.choice(_THINGS)}{draw.choice(_FAULTS)}，先{draw.choice(_DOING)}再{draw.choice(_DOING)}。"
        for _ in range(4)
    ]
    return "".join(said)


def measure(*, runs: int = RUNS) -> list[dict[str, Any]]:
    """Milliseconds of each kind of search over all questions, each asked `runs` times."""
    from service_desk.cases import listing
    from service_desk.cases.listing import Sort
    from service_desk.cases.models import Case
    from service_desk.knowledge.actions.articles_beside import change_synonyms
    from service_desk.knowledge.articles.current import look_again
    from service_desk.knowledge.articles.search import search, suggest
    from service_desk.knowledge.models import Article, SynonymList
    from service_desk.people.models import Staff
    from service_desk.people.rules import Role

    user = Staff.objects.filter(is_active=True, roles__contains=[Role.SUPERVISOR]).order_by("id").first()
    if not SynonymList.objects.exists():
        change_synonyms(actor=user, text="退服 = 断站 = 掉站\n困人 = 关人\n漏水 = 渗水 = 跑水")
        look_again()
    kinds: dict[str, Callable[[str], Any]] = {
        "articles": search,
        "articles for customers": lambda asked: search(asked, public=True),
        "articles that fit a subject": suggest,
        "cases": lambda asked: listing.one_page(listing.find(user, {"q": asked}), Sort.NEWEST).items,
    }
    sizes = {"articles": Article.objects.count(), "cases": Case.objects.count()}
    return [_measured(name, ask, runs) | sizes for name, ask in kinds.items()]


def _measured(name: str, ask: Callable[[str], Any], runs: int) -> dict[str, Any]:
    times: list[float] = []
    worst: dict[str, float] = {}
    for asked in ASKED:
        ask(asked)
        own = []
        for _ in range(runs):
            began = time.perf_counter()
            ask(asked)
            own.append((time.perf_counter() - began) * 1000)
        times += own
        worst[asked] = round(percentile(own, 0.95), 1)
    return {
        "what": name,
        "p50": round(percentile(times, 0.5), 1),
        "p95": round(percentile(times, 0.95), 1),
        "aim": AIM,
        "by question": worst,
    }


if __name__ == "__main__":
    main()
