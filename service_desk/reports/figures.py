"""The figures of the desk over time: what each counts is said here once, and page, print, file and mail draw it.

    from service_desk.reports.figures import FIGURES, figures_for, report
    from service_desk.reports.periods import Period, checked, just_ended, period_of

    report(user, name, period, by="", filters={}) -> shapes.Report

`name` is a key of FIGURES (`registration`, `first-response`, `restoration`, `solution`, `clocks`, `escalations`,
`promises`, `hand-overs`, `complaints`, `language`, `call-rules`); `FIGURES[name]` has `.label`, `.definition`,
`.dimensions` (keys that `by` may be: `unit`, `person`, `line`, `customer`, `product`, `severity`, and the figure's own)
and `.filters` (keys that `filters` may have: unit, person, customer, product: a primary key; line, severity: a code).
`by=""` is the figure's own first dimension. `figures_for(user)` are those that this person may open.

The `Report` has `tables`: 'total' (this period, the one before, the difference in words), 'time' (one row a step of
the period) and 'group' (one row a person, unit, …). A table has `columns` (key, label, unit: count | share | seconds |
text), `rows` (label, one plain value a column, link) and `total`. Values are numbers: a share is 0..1, a time seconds;
`words.shown(value, unit)` says them as a page does.

It refuses with `rest.errors.NotAllowed` (`report.view`, `report.view_people` for persons: ask again whenever a
scheduled one is computed), and with `rest.errors.Invalid` (field, code, remedy) for an unknown grouping or filter, and
when the period holds too much to be summed within eight seconds. It begins at what `user` may see: nothing else counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from service_desk.people.access import can, require
from service_desk.reports import words
from service_desk.reports.dimensions import BY_NUMBER, DIMENSIONS, FILTERS, UNGRADED, Dimension
from service_desk.reports.periods import Period, checked
from service_desk.reports.registry import BESIDE as BESIDE
from service_desk.reports.registry import FIGURES as FIGURES
from service_desk.reports.registry import Figure as Figure
from service_desk.reports.shapes import Column, Report, Row, Table, Value
from service_desk.reports.summing import Asked, Sum, Sums, summed, zone
from service_desk.rest.errors import Invalid, NotFound

Filters = Mapping[str, Any]
_GREATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks of a figure, checked: nothing in it is unknown, out of range or not theirs."""

    user: Any
    figure: Figure
    period: Period
    by: Dimension
    filters: Filters

    def asked(self, *, with_before: bool) -> Asked:
        """The facts that answer it, of the period before too where that is wanted."""
        since = self.period.before() if with_before else self.period
        facts = self.figure.facts(self.user, since.begins(zone()), self.period.ends(zone()))
        return Asked(facts, self.figure.columns, self.period, self.by, self.filters)

    def between(self, begins: datetime, ends: datetime) -> Asked:
        """The facts that lie between two moments of the period."""
        return Asked(
            self.figure.facts(self.user, begins, ends), self.figure.columns, self.period, self.by, self.filters
        )

    def address(self, **more: str) -> str:
        """The question as a part of an address."""
        given = {"since": self.period.since.isoformat(), "until": self.period.until.isoformat(), "by": self.by.key}
        return urlencode(given | {name: str(value) for name, value in self.filters.items()} | more)


def figures_for(user: Any) -> list[Figure]:
    """The figures that this person may open, in the order in which they are shown."""
    if not can(user, "report.view"):
        return []
    return [figure for figure in FIGURES.values() if not figure.needs or can(user, figure.needs)]


def dimensions_for(user: Any, figure: Figure) -> list[Dimension]:
    """By what this person may see the figure told apart."""
    people = bool(can(user, "report.view_people"))
    return [DIMENSIONS[key] for key in figure.dimensions if people or key != "person"]


def question(user: Any, name: str, period: Period, by: str = "", filters: Filters | None = None) -> Question:
    """Check everything; raises NotFound, NotAllowed or Invalid."""
    figure = FIGURES.get(name) or BESIDE.get(name)
    if figure is None:
        raise NotFound()
    require(user, "report.view")
    if figure.needs:
        require(user, figure.needs)
    wanted = {key: value for key, value in (filters or {}).items() if value not in (None, "")}
    if "person" in (by, *wanted):
        require(user, "report.view_people")
    by = by or figure.dimensions[0]
    if by not in figure.dimensions:
        raise Invalid(_("This figure is not told apart by that."), field="by", code="unknown")
    for key in wanted:
        if key not in figure.filters:
            raise Invalid(_("This figure cannot be narrowed down by that."), field=key, code="unknown")
    period = checked(period.since, period.until)
    return Question(user, figure, period, DIMENSIONS[by], {key: _clean(key, each) for key, each in wanted.items()})


def _clean(key: str, value: Any) -> Any:
    text = str(value)
    if key not in BY_NUMBER:
        if len(text) > 40 or "\x00" in text or not text.isprintable():
            raise Invalid(_("There is no such thing here."), field=key, code="unknown")
        return text
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > _GREATEST:
        raise Invalid(_("There is no such thing here."), field=key, code="unknown")
    return int(text)


def report(
    user: Any, name: str, period: Period, by: str = "", filters: Filters | None = None, *, seconds: float | None = None
) -> Report:
    """The figure as this person may see it; who can wait says for how many `seconds`."""
    return answer(question(user, name, period, by, filters), seconds=seconds)


def answer(asked: Question, found: Sums | None = None, *, seconds: float | None = None) -> Report:
    """A question that was checked, answered; `found` is what was summed for it before."""
    if found is None:
        found = summed(asked.asked(with_before=True), list(asked.figure.outcomes), seconds=seconds)
    columns = columns_of(asked.figure)
    return Report(
        key=asked.figure.key,
        title=str(asked.figure.label),
        definition=str(asked.figure.definition),
        period=asked.period,
        by=asked.by.key,
        by_label=str(asked.by.label),
        given=tuple(_given(asked.filters)),
        tables=(_total(asked, found, columns), _over_time(asked, found, columns), _grouped(asked, found, columns)),
    )


def columns_of(figure: Figure) -> tuple[Column, ...]:
    """What is said of every line: how many, how they went, the share that went well, median and the 90 % value."""
    columns = [Column("n", str(figure.counts), "count")]
    columns += [Column(key, str(label), "count") for key, label in figure.outcomes.items()]
    if figure.share:
        columns.append(Column("share", str(figure.share), "share"))
    if figure.timed:
        timed = {"what": str(figure.timed)}
        columns.append(Column("median", _("Median %(what)s") % timed, "seconds", _("Half of them took no longer.")))
        columns.append(Column("p90", _("90 %% %(what)s") % timed, "seconds", _("Nine in ten took no longer.")))
    return tuple(columns)


def values_of(figure: Figure, one: Sum, columns: tuple[Column, ...]) -> tuple[Value, ...]:
    """The values of a line, in the order of the columns."""
    good = sum(one.of(outcome) for outcome in figure.good)
    judged = good + sum(one.of(outcome) for outcome in figure.bad)
    known: dict[str, Value] = {
        "n": one.n,
        "share": good / judged if judged else None,
        "median": one.median,
        "p90": one.p90,
    }
    return tuple(known[column.key] if column.key in known else one.of(column.key) for column in columns)


def _address(asked: Question, **where: str) -> str:
    """Where the facts of a number are listed."""
    return f"{reverse('report-facts', args=[asked.figure.key])}?{asked.address(**where)}"


def _row(asked: Question, label: str, one: Sum, columns: tuple[Column, ...], **where: str) -> Row:
    """A line; each number leads to as many facts."""
    address = _address(asked, **where)
    links = {"n": address} if one.n else {}
    links |= {key: f"{address}&{urlencode({'outcome': key})}" for key in asked.figure.outcomes if one.of(key)}
    return Row(label, values_of(asked.figure, one, columns), address if one.n else "", links)


def _total(asked: Question, found: Sums, columns: tuple[Column, ...]) -> Table:
    before = asked.period.before()
    now = _row(asked, words.days(asked.period), found.total, columns)
    days = {"since": before.since.isoformat(), "until": before.until.isoformat()}
    then = _row(asked, words.days(before), found.before, columns, **days)
    differences = tuple(
        words.difference(value, earlier, column.unit)
        for value, earlier, column in zip(now.values, then.values, columns, strict=True)
    )
    rows = (now, then, Row(_("Difference"), differences))
    return Table("total", _("Altogether"), pgettext("report", "Period"), columns, rows)


def _over_time(asked: Question, found: Sums, columns: tuple[Column, ...]) -> Table:
    grain = asked.period.grain
    rows = tuple(
        _row(asked, words.step(at, grain), found.steps.get(at, Sum()), columns, step=at.isoformat())
        for at in asked.period.buckets()
    )
    total = _row(asked, pgettext("report", "All"), found.total, columns)
    return Table("time", _("Over time"), pgettext("report", "When"), columns, rows, total)


def _grouped(asked: Question, found: Sums, columns: tuple[Column, ...]) -> Table:
    """Each group with how many there were in the period before, as far as that was among the largest too."""
    names = asked.by.called(list(found.groups))
    wider = (*columns, Column("before", _("%(what)s before") % {"what": columns[0].label}, "count"))
    before = asked.period.before()
    days = {"since": before.since.isoformat(), "until": before.until.isoformat()}
    rows = []
    for key, one in found.groups.items():
        row = _row(asked, names[key], one, columns, key=key)
        earlier = found.groups_before.get(key)
        count = earlier.n if earlier else (None if found.more else 0)
        links = {**(row.links or {}), **({"before": _address(asked, key=key, **days)} if count else {})}
        rows.append(Row(row.label, (*row.values, count), row.link, links))
    total = _row(asked, pgettext("report", "All"), found.total, columns)
    links = {**(total.links or {}), **({"before": _address(asked, **days)} if found.before.n else {})}
    total = Row(total.label, (*total.values, found.before.n), total.link, links)
    title = _("By %(what)s") % {"what": str(asked.by.label)}
    return Table("group", title, str(asked.by.label), wider, tuple(rows), total, found.more)


def _given(filters: Filters) -> Iterator[tuple[str, str]]:
    for name in FILTERS:
        if name in filters:
            dimension, value = DIMENSIONS[name], str(filters[name])
            label = str(dimension.nothing) if value == UNGRADED else dimension.called([value])[value]
            yield str(dimension.label), label
