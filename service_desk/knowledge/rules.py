"""The words of the phrasebook: categories, states, and what a finding in each place means (K1-K4)."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Category(TextChoices):
    """The four taboo categories (K2)."""

    DISRESPECTFUL = "disrespectful", _("Disrespectful")
    UNFRIENDLY = "unfriendly", _("Unfriendly")
    IMPATIENT = "impatient", _("Impatient")
    IMPOLITE = "impolite", _("Impolite")


class PhraseKind(TextChoices):
    """Whether an entry says what to say or what not to say."""

    APPROVED = "approved", _("Phrase to use")
    BANNED = "banned", _("Banned phrase")


class PhraseState(TextChoices):
    """The life of a version of an entry (K4)."""

    DRAFT = "draft", pgettext_lazy("phrase", "Draft")
    APPROVED = "approved", pgettext_lazy("phrase", "Approved")
    RETIRED = "retired", pgettext_lazy("phrase", "Retired")


class Direction(TextChoices):
    """Where a text goes."""

    TO_CUSTOMER = "to_customer", _("To the customer")
    INTERNAL_NOTE = "internal_note", _("Internal note")
    TRANSCRIPT = "transcript", _("Transcript of a call")


class Speaker(TextChoices):
    """Whose words a text is; lines with a role in front of them say it themselves."""

    AGENT = "agent", pgettext_lazy("speaker", "Agent")
    CUSTOMER = "customer", pgettext_lazy("speaker", "Customer")
    UNKNOWN = "unknown", pgettext_lazy("speaker", "Unknown")


class Weight(TextChoices):
    """What a finding does: it blocks the sending, warns, or is a hint only (K3)."""

    BLOCK = "block", _("Blocks sending")
    WARN = "warn", _("Warning")
    HINT = "hint", _("Hint")


class How(TextChoices):
    """By which way a phrase was recognised."""

    EXACT = "exact", _("as written")
    VARIANT = "variant", _("other way of writing")
    HOMOPHONE = "homophone", _("characters of the same sound")
    PINYIN = "pinyin", _("pinyin")
    SPLIT = "split", _("split characters")


#: What blocks a text to a customer unless the entry says otherwise; everything else warns (K3).
BLOCKING = frozenset({Category.DISRESPECTFUL, Category.UNFRIENDLY})


def weight(
    *, category: str, direction: str, speaker: str, override: str = "", how: str = How.EXACT, letters: int = 2
) -> Weight:
    """What a finding does: notes and transcripts never block, nor do one-character entries and fuzzy hits."""
    if direction == Direction.TRANSCRIPT and speaker == Speaker.UNKNOWN:
        return Weight.HINT
    if override == Weight.HINT:
        return Weight.HINT
    wanted = override or (Weight.BLOCK if category in BLOCKING else Weight.WARN)
    sure = letters > 1 and how in (How.EXACT, How.VARIANT)
    return Weight.BLOCK if wanted == Weight.BLOCK and direction == Direction.TO_CUSTOMER and sure else Weight.WARN


class FindingOutcome(TextChoices):
    """What became of a finding."""

    OPEN = "open", pgettext_lazy("finding", "Open")
    REPLACED = "replaced", pgettext_lazy("finding", "Replaced")
    DISMISSED = "dismissed", pgettext_lazy("finding", "Not a fault")
    OVERRIDDEN = "overridden", pgettext_lazy("finding", "Sent all the same")


class Situation(TextChoices):
    """Where a call stands, in the order in which one goes (K5)."""

    PICK_UP = "pick_up", _("Picking up")
    LATE_PICK_UP = "late_pick_up", _("Picked up late")
    ASKING = "asking", _("Asking for the matter")
    READ_BACK = "read_back", _("Reading back")
    WAIT = "wait", _("Asking to wait")
    HOLD = "hold", _("While on hold")
    LONG_HOLD = "long_hold", _("Waiting takes long")
    APOLOGY = "apology", pgettext_lazy("call", "Apology")
    UPSET = "upset", _("Caller is upset")
    UNKNOWN = "unknown", _("Answer not known yet")
    TRANSFER = "transfer", pgettext_lazy("call", "Transfer")
    ABSENT = "absent", _("Person asked for is absent")
    THANKS = "thanks", pgettext_lazy("call", "Thanks")
    CLOSING = "closing", pgettext_lazy("call", "Closing")


class DayPart(TextChoices):
    """When a greeting fits (K1)."""

    MORNING = "morning", _("in the morning")
    AFTERNOON = "afternoon", _("in the afternoon")
    EVENING = "evening", _("in the evening")


class TranscriptState(TextChoices):
    """How far the check of a transcript has come."""

    WAITING = "waiting", pgettext_lazy("transcript", "Waiting")
    RUNNING = "running", pgettext_lazy("transcript", "Being checked")
    DONE = "done", pgettext_lazy("transcript", "Checked")
