"""What REST takes and answers of the phrasebook: the shapes of requests and rows (K1-K4)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from service_desk.knowledge.models import BookRelease, LanguageFinding, PhraseVersion, Transcript
from service_desk.knowledge.rules import (
    Category,
    Direction,
    FindingOutcome,
    How,
    PhraseKind,
    PhraseState,
    Speaker,
    TranscriptState,
    Weight,
)
from service_desk.knowledge.talks import LONGEST_LINE
from service_desk.rest.serializers import (
    FilterSerializer,
    IdField,
    Moment,
    NamedSerializer,
    StrictSerializer,
)

LONGEST_TEXT, MOST_TEXTS, MOST_CHARACTERS = 20_000, 100, 200_000
_HTTP_NOTE = {"max_length": 200, "required": False, "allow_blank": True, "default": ""}


class TextSerializer(StrictSerializer):
    """One text to be checked."""

    text = serializers.CharField(max_length=LONGEST_TEXT, allow_blank=True, trim_whitespace=False)
    direction = serializers.ChoiceField(choices=Direction.choices)
    speaker = serializers.ChoiceField(choices=Speaker.choices, required=False, default=Speaker.AGENT)


class CheckSerializer(StrictSerializer):
    """One text, or several as `texts`."""

    text = serializers.CharField(
        required=False, max_length=LONGEST_TEXT, allow_blank=True, trim_whitespace=False, help_text="One text."
    )
    direction = serializers.ChoiceField(required=False, choices=Direction.choices)
    speaker = serializers.ChoiceField(required=False, choices=Speaker.choices)
    texts = TextSerializer(
        many=True, required=False, help_text="Several, at most 100 and 200 000 characters in all, instead of one."
    )
    newest = serializers.BooleanField(
        required=False, default=False, help_text="Ask for the newest release at once, as before sending."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        several = attrs.get("texts")
        if several is None:
            lacking = {name: [_("Please fill this in.")] for name in ("text", "direction") if name not in attrs}
            if lacking:
                raise serializers.ValidationError(lacking, code="required")
            return attrs
        if any(name in attrs for name in ("text", "direction", "speaker")):
            raise serializers.ValidationError({"texts": [_("Send one text or several, not both.")]}, code="both")
        if not 1 <= len(several) <= MOST_TEXTS:
            raise serializers.ValidationError({"texts": [_("Send 1 to 100 texts.")]}, code="out_of_range")
        if sum(len(one["text"]) for one in several) > MOST_CHARACTERS:
            raise serializers.ValidationError(
                {"texts": [_("These are more than 200 000 characters.")]}, code="too_large"
            )
        return attrs


class FoundWordsSerializer(serializers.Serializer[Any]):
    """What must not be said, where, and what to say instead; offsets count code points of the text as it was sent."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    phrase = serializers.CharField(help_text="As it stands in the text.")
    entry = serializers.CharField()
    form = serializers.CharField(help_text="The form of the entry that was recognised.")
    category = serializers.ChoiceField(choices=Category.choices)
    group = serializers.CharField(allow_blank=True)
    severity = serializers.ChoiceField(choices=Weight.choices)
    how = serializers.ChoiceField(choices=How.choices)
    suggestions = serializers.ListField(child=serializers.CharField())


class CheckedSerializer(serializers.Serializer[Any]):
    """The findings of one text."""

    findings = FoundWordsSerializer(many=True)
    blocks = serializers.BooleanField(help_text="Whether the text must not be sent to a customer.")


class CheckAnswerSerializer(serializers.Serializer[Any]):
    """The release, and the findings of each text in the order they were sent."""

    release = serializers.IntegerField()
    results = CheckedSerializer(many=True)


class PhraseSerializer(serializers.Serializer[PhraseVersion]):
    """One version of an entry."""

    id = serializers.IntegerField()
    code = serializers.CharField(source="phrase.code")
    kind = serializers.ChoiceField(source="phrase.kind", choices=PhraseKind.choices)
    state = serializers.ChoiceField(choices=PhraseState.choices)
    text = serializers.CharField()
    category = serializers.CharField(allow_blank=True)
    situation = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    note = serializers.CharField(allow_blank=True)
    author = NamedSerializer(allow_null=True)
    approver = NamedSerializer(allow_null=True)
    created_at = Moment()
    approved_at = Moment(allow_null=True)
    retired_at = Moment(allow_null=True)
    content = serializers.DictField(help_text="Forms, exceptions, examples, suggestions.")


class PhraseFilterSerializer(FilterSerializer):
    """The filters of the list of phrases."""

    state = serializers.ChoiceField(required=False, choices=PhraseState.choices, default=PhraseState.APPROVED)
    kind = serializers.ChoiceField(required=False, choices=PhraseKind.choices)
    category = serializers.ChoiceField(required=False, choices=Category.choices)
    code = serializers.CharField(required=False, max_length=20)


class PhraseDraftSerializer(StrictSerializer):
    """A proposal: a new entry, or another version of one."""

    set_by_desk = frozenset({"id", "state", "author", "approver", "created_at", "approved_at", "source"})

    code = serializers.CharField(max_length=20)
    kind = serializers.ChoiceField(choices=PhraseKind.choices)
    text = serializers.CharField(max_length=80)
    content = serializers.DictField(required=False, default=dict)
    note = serializers.CharField(**_HTTP_NOTE)  # type: ignore[arg-type]


class NoteSerializer(StrictSerializer):
    """Why."""

    note = serializers.CharField(**_HTTP_NOTE)  # type: ignore[arg-type]


class ManySerializer(NoteSerializer):
    """Drafts that belong together."""

    phrases = serializers.ListField(child=IdField(), min_length=1, max_length=500)


class SheetSerializer(StrictSerializer):
    """The phrasebook as a sheet."""

    csv = serializers.CharField(max_length=900_000, trim_whitespace=False)


class ReleaseSerializer(serializers.Serializer[BookRelease]):
    """A release, without what it holds."""

    number = serializers.IntegerField()
    entries = serializers.IntegerField()
    sha256 = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    rolled_back_to = serializers.IntegerField(source="rolled_back_to_id", allow_null=True)
    made_by = NamedSerializer(allow_null=True)
    valid_from = Moment()


class WholeReleaseSerializer(ReleaseSerializer):
    """A release with its entries."""

    content = serializers.ListField(child=serializers.DictField())


class DifferenceSerializer(serializers.Serializer[Any]):
    """What is different in one entry; null where a release has none of it."""

    code = serializers.CharField()
    fields = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]
    before = serializers.DictField(allow_null=True)
    after = serializers.DictField(allow_null=True)


class DiffFilterSerializer(StrictSerializer):
    """The other release; the one before, when left out."""

    against = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class FindingSerializer(serializers.Serializer[LanguageFinding]):
    """A finding that was kept; of a text that the caller may not see, neither its words nor where it stands."""

    id = serializers.IntegerField()
    release = serializers.IntegerField(source="release_id")
    entry = serializers.CharField()
    form = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    excerpt = serializers.CharField()
    category = serializers.ChoiceField(choices=Category.choices)
    severity = serializers.ChoiceField(choices=Weight.choices)
    how = serializers.CharField()
    direction = serializers.ChoiceField(choices=Direction.choices)
    speaker = serializers.ChoiceField(choices=Speaker.choices)
    thing = serializers.CharField()
    said_by = NamedSerializer(allow_null=True)
    found_at = Moment()
    outcome = serializers.ChoiceField(choices=FindingOutcome.choices)
    decided_by = NamedSerializer(allow_null=True)
    decided_at = Moment(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    hidden = serializers.BooleanField(help_text="Whether the words are kept from the caller (P6).")

    def to_representation(self, instance: LanguageFinding) -> dict[str, Any]:
        hidden = instance.thing not in self.context["places"]
        instance.hidden = hidden  # type: ignore[attr-defined]  # for the field of this name
        shown: dict[str, Any] = super().to_representation(instance)
        return shown | ({"form": "", "excerpt": "", "thing": "", "reason": ""} if hidden else {})


class FindingFilterSerializer(FilterSerializer):
    """The filters of the list of findings."""

    entry = serializers.CharField(required=False, max_length=20)
    outcome = serializers.ChoiceField(required=False, choices=FindingOutcome.choices)
    said_by = IdField(required=False)
    thing = serializers.CharField(required=False, max_length=60)


class FigureSerializer(serializers.Serializer[Any]):
    """How an entry fares."""

    entry = serializers.CharField()
    found = serializers.IntegerField()
    dismissed = serializers.IntegerField()
    overridden = serializers.IntegerField()
    replaced = serializers.IntegerField()


class ReasonSerializer(StrictSerializer):
    """Why it is no fault."""

    reason = serializers.CharField(max_length=200)


class TalkLineSerializer(StrictSerializer):
    """What one of them said."""

    speaker = serializers.ChoiceField(choices=Speaker.choices)
    text = serializers.CharField(max_length=LONGEST_LINE, trim_whitespace=False)


class TalkSerializer(StrictSerializer):
    """A talk to be checked: as text whose lines name their speaker, or line by line."""

    set_by_desk = frozenset({"id", "state", "by", "done", "found", "created_at", "ended_at"})

    title = serializers.CharField(max_length=120)
    text = serializers.CharField(required=False, trim_whitespace=False, help_text="One line for each turn.")
    lines = TalkLineSerializer(many=True, required=False, help_text="At most 50 000, instead of `text`.")
    agent = IdField(required=False, allow_null=True, default=None, help_text="Whose words the agent's lines are.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("text" in attrs) == ("lines" in attrs):
            raise serializers.ValidationError({"lines": [_("Send either a text or lines.")]}, code="one_of_two")
        return attrs


class TranscriptSerializer(serializers.Serializer[Transcript]):
    """How far the check of a talk has come; its findings are those whose `thing` begins with `transcript:<id>:`."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=TranscriptState.choices)
    by = NamedSerializer()
    agent = NamedSerializer(allow_null=True)
    lines = serializers.IntegerField(source="lines_count")
    done = serializers.IntegerField()
    found = serializers.IntegerField()
    created_at = Moment()
    ended_at = Moment(allow_null=True)
