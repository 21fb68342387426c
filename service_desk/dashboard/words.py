"""The few words that the scripts say, in the language of the page."""

from __future__ import annotations

from django.utils.translation import gettext as _

from service_desk.dashboard import clockface


def for_scripts() -> dict[str, object]:
    """Handed to the scripts as JSON; `{name}` is filled in there."""
    return {
        "tones": clockface.words(),
        "days": _("%(days)s d %(clock)s") % {"days": "{days}", "clock": "{clock}"},
        "clockChanged": _("{kind} {subject}: {word}, {due}"),
        "live": _("Live"),
        "liveHelp": _("Changes appear by themselves."),
        "waiting": _("Connecting"),
        "waitingHelp": _("The live connection is being made."),
        "polling": _("Every 10 s"),
        "pollingHelp": _("The live connection is interrupted; the page asks every 10 seconds."),
        "offline": _("Offline"),
        "offlineHelp": _("No connection to the server. What you type is kept."),
        "loadFailed": _("That could not be loaded. Please try again."),
        "refused": _("That was not accepted. Please reload the page and try again."),
        "draftRestored": _("Your draft was restored."),
        "discardDraft": _("Discard draft"),
        "sending": _("Sending…"),
        "charactersLeft": _("{n} characters left"),
        "charactersOver": _("{n} characters too many"),
        "noMatches": _("Nothing found for “{q}”"),
        "matches": _("{n} found; use the arrow keys"),
        "offers": _("Colleagues, templates and phrases"),
        "language": _("Language"),
        "languageFound": _("Language: “{phrase}”, {category}"),
        "languageBlocks": _("stops the sending"),
        "languageReplace": _("Replace with: {phrase}"),
        "languageClear": _("Language: nothing found any more"),
        "searching": _("Searching…"),
        "searchFailed": _("The search did not answer. Type on to try again."),
        "show": _("Show"),
        "hide": _("Hide"),
        "close": _("Close"),
    }
