"""The words of the notices about articles (K6)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from service_desk.notices import kinds

for _code, _subject, _body in (
    (
        "article_submitted",
        _("To review: %(title)s"),
        _("%(by)s has sent the article “%(title)s” for review. Somebody other than the author publishes it."),
    ),
    (
        "article_published",
        _("Published: %(title)s"),
        _("%(by)s has published your article “%(title)s”."),
    ),
    (
        "article_sent_back",
        _("Sent back: %(title)s"),
        _("%(by)s has sent your article “%(title)s” back: %(answer)s"),
    ),
    (
        "article_review_due",
        _("Soon to be reviewed: %(title)s"),
        _("The article “%(title)s” is to be reviewed by %(due)s. After that customers do not see it any more."),
    ),
    (
        "article_expired",
        _("Review overdue: %(title)s"),
        _("The article “%(title)s” was to be reviewed by %(due)s. Customers do not see it until that is done."),
    ),
):
    kinds.register(_code, subject=_subject, body=_body)
