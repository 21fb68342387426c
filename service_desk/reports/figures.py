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
