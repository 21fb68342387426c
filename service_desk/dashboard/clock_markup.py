"""The count-down as HTML. Put together here and not by a template: a list has twenty, a case a dozen of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from service_desk.dashboard import clockface

_CLOCK = """<desk-clock class="clock{compact}" data-tone="{tone}" data-due="{due_iso}" data-share="{share:.4f}" \
data-kind="{kind}"{subject}{ticking}>
  <span class="clock__head"><svg class="icon shape" width="16" height="16" aria-hidden="true">\
<use href="#shape-{tone}"/></svg><span class="clock__kind">{kind}</span><span class="clock__word">{word}</span></span>
  <span class="clock__time" role="timer" aria-live="off"{reachable}>{text}</span>
  <svg class="clock__bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">\
<rect width="100" height="4"/><rect class="clock__used" width="{used}" height="4"/></svg>
  <span class="clock__foot"><span class="clock__due">{due}</span>{why}</span>
</desk-clock>"""
_WHY = ' <a class="clock__why" href="{0}" hx-get="{0}" hx-target="#desk-dialog-body" aria-label="{1}">{2}</a>'


def drawn(deadline: Any, now: datetime | None, *, compact: bool = False, subject: str = "") -> SafeString:
    """The clock `deadline` (see components/countdown.html) at `now`; `subject` is said in announcements."""
    face = clockface.read(deadline, now)
    due_at, url = clockface.given(deadline, "due_at"), clockface.given(deadline, "explain_url")
    due = _("due %(due)s") % {"due": escape(_local(due_at))} if due_at else _("no due time")
    return mark_safe(  # noqa: S308 - each piece is escaped
        _CLOCK.format(
            compact=" clock--compact" if compact else "",
            tone=face.tone,
            due_iso=face.due_iso,
            share=face.share,
            used=round(face.share * 100),
            kind=escape(face.kind),
            word=escape(face.word),
            text=escape(face.text),
            subject=format_html(' data-subject="{}"', subject) if subject else "",
            ticking=" data-ticking" if face.ticking else "",
            # in a cell without a link the due time shows on focus, so the clock itself must take it
            reachable=' tabindex="0"' if compact and not url else "",
            due=due,
            why=format_html(_WHY, url, _("why? %(kind)s") % {"kind": face.kind}, _("why?")) if url else "",
        )
    )


def _local(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")
