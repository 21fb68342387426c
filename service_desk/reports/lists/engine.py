"""Lists of what the desk told through what: notices, webhooks, phone systems, keys, policies, the trail."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.audit.hiding import seen_by
from service_desk.audit.models import AuditEntry
from service_desk.audit.rules import Door, Outcome
from service_desk.cases.columns import Column
from service_desk.deadlines.models import Policy
from service_desk.deadlines.words import target_word
from service_desk.notices.kinds import render
from service_desk.notices.models import Delivery, Notice
from service_desk.notices.rules import Level, error_words
from service_desk.reports.exporting import Exportable, Rows
from service_desk.reports.lists.cases import number_in
from service_desk.reports.lists.cells import columns, keyed, text
from service_desk.rest.clean import is_clean
from service_desk.rest.models import ApiKey
from service_desk.telephony.models import Integration
from service_desk.webhooks.models import Endpoint, Post
from service_desk.webhooks.rules import OPEN_STATES, PostState
from service_desk.webhooks.rules import error_words as answer_words

GROUP = _("Notices and connections")


# --- One's own notices, and what did not arrive; of private matters only that there is one (P6) ---
_NOTICES = columns(
    Notice,
    "created_at", "level",
    text("title", _("Notice"), lambda notice: render(notice.kind, notice.facts).subject),
    text("text", _("Text"), lambda notice: render(notice.kind, notice.facts).body),
    "read_at", "acked_at", "acked_by", "stopped_at",
)  # fmt: skip
_UNDELIVERED = columns(
    Delivery,
    text("notice", _("Notice"), lambda each: _subject(each.notice), "notice"),
    text("recipient", _("Recipient"), lambda each: each.notice.recipient or gettext("Nobody could be found"),
         "notice__recipient"),
    "channel", "state", "attempts",
    text("error", _("Reason"), lambda each: error_words(each.last_error)),
    "created_at",
)  # fmt: skip


def _subject(notice: Any) -> str:
    return gettext("A confidential matter") if notice.private else str(render(notice.kind, notice.facts).subject)


def _notices(user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    """As the chips of the page narrow them."""
    mine = Notice.objects.of(user)
    show, level = query.get("show", ""), query.get("level", "")
    mine = mine.waiting() if show == "waiting" else mine.unread() if show == "unread" else mine
    return keyed(mine.filter(level=level) if level in Level.values else mine, shown)


# --- Webhooks and phone systems ---
_ENDPOINTS = columns(
    Endpoint, "name", "url", "is_active",
    text("types", _("Events"), lambda row: len(row.types)),
    text("waiting", pgettext_lazy("delivery", "Waiting"), lambda row: row.waiting),
    "last_success_at", "failing_since", "paused_at", "pause_reason",
)  # fmt: skip
_POSTS = columns(
    Post, "endpoint__name", "type", "event__created_at", "state",
    text("status", _("Last answer"), lambda post: post.last_try.get("status") or ""),
    text("error", _("Reason"), lambda post: answer_words(post.last_try.get("error", ""))),
    "attempts", "sent_at",
)  # fmt: skip
_PHONES = columns(Integration, "name", "kind", "auth_mode", "unit", "silent_minutes", "is_active", "created_at")


def _endpoints(_user: Any, _query: QueryDict, shown: Sequence[Column]) -> Rows:
    waiting = Count("posts", filter=Q(posts__state__in=OPEN_STATES))
    return keyed(Endpoint.objects.annotate(waiting=waiting), shown, "name")


def _posts(_user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    found = Post.objects.all()
    if "endpoint" in query:
        found = found.filter(endpoint=number_in(query, "endpoint"))
    state = query.get("state", "")
    return keyed(found.filter(state=state) if state in PostState.values else found, shown)


def _post_page(query: QueryDict) -> str:
    endpoint = number_in(query, "endpoint")
    return reverse("webhook", args=[endpoint]) if endpoint else reverse("webhook-list")


# --- What an administrator keeps ---
_KEYS = columns(
    ApiKey, "name", "owner", "prefix",
    text("scopes", _("May"), lambda key: ", ".join(key.scopes)),
    "created_at", "expires_at", "last_used_at", "revoked_at",
)  # fmt: skip
_POLICIES = columns(
    Policy, "service_line", "subject", "severity", "kind", "version",
    text("target", _("Target"), target_word, "calendar"), "calendar", "may_pause", "created_at", "retired_at",
)  # fmt: skip

# --- The trail, as far as its pages show it to this person ---
_TRAIL = columns(
    AuditEntry, ("id", pgettext_lazy("entry", "Number")), "at",
    "actor", "actor_label", "door", "verb", "thing", "outcome",
    text("detail", _("Detail"), lambda entry: json.dumps(entry.detail, ensure_ascii=False) if entry.detail else ""),
    "ip", "request_id",
)  # fmt: skip
_CODED = {"door": Door, "outcome": Outcome}


def _trail(user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    """Narrowed by the filters of its page, and by days (`since`, `until`): what is not understood is left out."""
    found = AuditEntry.objects.all()
    for name, choices in _CODED.items():
        value = query.get(name, "") or query.get(f"{name}__exact", "")
        found = found.filter(**{name: value}) if value in choices.values else found
    sought = query.get("q", "").strip()
    if sought and is_clean(sought):
        found = found.filter(Q(thing=sought) | Q(verb=sought))
    for name, lookup, days in (("since", "at__gte", 0), ("until", "at__lt", 1)):
        if (day := _day(query.get(name, ""), days)) is not None:
            found = found.filter(**{lookup: day})
    return keyed(seen_by(found, user), shown)


def _day(given: str, later: int) -> datetime | None:
    try:
        day = date.fromisoformat(given) + timedelta(days=later)
        return datetime.combine(day, time(), ZoneInfo(settings.TIME_ZONE))
    except (ValueError, OverflowError):
        return None


def lists() -> tuple[Exportable, ...]:
    """Of this group."""
    return (
        Exportable(
            "notices", _("Notices"), "notice.export", "notice-list", lambda _q: _NOTICES, _notices, opens="",
            group=GROUP,
        ),
        Exportable(
            "undelivered", _("Undelivered notices"), "notice.export_undelivered", "notice-undelivered",
            lambda _q: _UNDELIVERED, lambda _user, _q, shown: keyed(Delivery.objects.undelivered(), shown),
            opens="notice.undelivered", group=GROUP,
        ),
        Exportable(
            "webhooks", _("Webhooks"), "webhook.export", "webhook-list", lambda _q: _ENDPOINTS, _endpoints,
            opens="webhook.administer", group=GROUP,
        ),
        Exportable(
            "webhook-deliveries", _("Deliveries of webhooks"), "webhook.export", _post_page, lambda _q: _POSTS, _posts,
            opens="webhook.administer", group=GROUP,
        ),
        Exportable(
            "phone-systems", _("Phone systems"), "telephony.export", "phone-system-list", lambda _q: _PHONES,
            lambda _user, _q, shown: keyed(Integration.objects.all(), shown, "name"), opens="telephony.administer",
            group=GROUP,
        ),
        Exportable(
            "api-keys", _("API keys"), "apikey.export", "api-key-list", lambda _q: _KEYS,
            lambda _user, _q, shown: keyed(ApiKey.objects.all(), shown), group=GROUP,
        ),
        Exportable(
            "policies", _("Policies"), "policy.export", "policy-list", lambda _q: _POLICIES,
            lambda _user, _q, shown: keyed(Policy.objects.all(), shown, "id"), opens="policy.view", group=GROUP,
        ),
        Exportable(
            "trail", _("Audit trail"), "audit.export", "admin:audit_auditentry_changelist", lambda _q: _TRAIL, _trail,
            group=GROUP,
        ),
    )  # fmt: skip
