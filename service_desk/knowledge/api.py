"""REST: the phrasebook and its releases, findings, transcripts (K1-K4)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.knowledge import sheet
from service_desk.knowledge.actions import approve, dismiss, draft, note_use, publish, retire, roll_back
from service_desk.knowledge.actions.sheets import import_sheet
from service_desk.knowledge.actions.transcripts import begin, send_in
from service_desk.knowledge.api_check import CHECK
from service_desk.knowledge.diff import differences
from service_desk.knowledge.listed import ListedViewSet
from service_desk.knowledge.models import BookRelease, LanguageFinding, PhraseVersion, Transcript
from service_desk.knowledge.places import seen_by
from service_desk.knowledge.shapes import (
    DifferenceSerializer,
    DiffFilterSerializer,
    FigureSerializer,
    FindingFilterSerializer,
    FindingSerializer,
    ManySerializer,
    NoteSerializer,
    PhraseDraftSerializer,
    PhraseFilterSerializer,
    PhraseSerializer,
    ReasonSerializer,
    ReleaseSerializer,
    SheetSerializer,
    TalkSerializer,
    TranscriptSerializer,
    WholeReleaseSerializer,
)
from service_desk.knowledge.talks import Line
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.rest.errors import NotFound
from service_desk.rest.scopes import register
from service_desk.rest.serializers import (
    WHOLE_NUMBER,
    checked,
    nothing_there,
)

READ = register("phrases:read", _("Read the phrasebook and its releases"))
WRITE = register("phrases:write", _("Draft, approve, retire and release phrases"))


@extend_schema_view(
    list=extend_schema(summary="Phrases in force, or in another state", parameters=[PhraseFilterSerializer]),
    retrieve=extend_schema(summary="A version of a phrase"),
)
class PhraseViewSet(ListedViewSet):
    """The phrasebook: versions of entries, drafted by one and approved by another (K4)."""

    queryset = PhraseVersion.objects.none()
    serializer_class = PhraseSerializer
    lookup_value_regex = WHOLE_NUMBER
    keyset_order = ("id",)
    filters = PhraseFilterSerializer
    fields_of = {"kind": "phrase__kind", "code": "phrase__code"}
    required_scopes = {"list": READ, "retrieve": READ, "export": READ, "*": WRITE}

    def get_queryset(self) -> QuerySet[PhraseVersion]:
        require(self.request.user, "phrase.view")
        found: QuerySet[PhraseVersion] = PhraseVersion.objects.whole()
        return found

    @extend_schema(summary="Draft a phrase", request=PhraseDraftSerializer, responses={201: PhraseSerializer})
    def create(self, request: Request) -> Response:
        """Propose an entry, or another version of one; it is in force once somebody else approves it."""
        made = draft(actor=request.user, **checked(PhraseDraftSerializer, request.data))
        return self.made(made.pk)

    @extend_schema(summary="Approve a draft", request=NoteSerializer, responses={200: ReleaseSerializer})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Put a draft of somebody else in force, as the next release; refused if an example fails."""
        made = approve(actor=request.user, versions=[self.get_object()], **checked(NoteSerializer, request.data))
        return Response(ReleaseSerializer(made).data)

    @extend_schema(
        summary="Approve several drafts as one release",
        operation_id="phrases_approve_many",
        request=ManySerializer,
        responses={200: ReleaseSerializer},
    )
    @action(detail=False, methods=["post"], url_path="approve", url_name="approve-many")
    def approve_many(self, request: Request) -> Response:
        """All of them or none."""
        given = checked(ManySerializer, request.data)
        versions = list(self.get_queryset().filter(pk__in=given["phrases"]))
        if len(versions) < len(set(given["phrases"])):
            raise nothing_there("phrases")
        return Response(ReleaseSerializer(approve(actor=request.user, versions=versions, note=given["note"])).data)

    @extend_schema(summary="Retire a phrase", request=NoteSerializer, responses={200: PhraseSerializer})
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """Take it out of force, or throw a draft away."""
        version = self.get_object()
        retire(actor=request.user, version=version, **checked(NoteSerializer, request.data))
        return Response(PhraseSerializer(self.get_queryset().get(pk=version.pk)).data)

    @extend_schema(summary="The phrasebook in force as CSV", responses={200: SheetSerializer}, filters=False)
    @action(detail=False, methods=["get"], pagination_class=None)
    def export(self, request: Request) -> Response:
        """One row an entry; a cell that would be a formula stands behind an apostrophe."""
        require(request.user, "phrase.view")
        rows = (
            v.snapshot() | {"note": v.note} for v in PhraseVersion.objects.whole().in_force().order_by("phrase__code")
        )
        return Response({"csv": sheet.write(rows)})

    @extend_schema(
        summary="Drafts from CSV", request=SheetSerializer, responses={201: PhraseSerializer(many=True)}, filters=False
    )
    @action(detail=False, methods=["post"], url_path="import", url_name="import", pagination_class=None)
    def import_csv(self, request: Request) -> Response:
        """Each row is a draft, all of them or none; the columns are those of the export."""
        made = import_sheet(actor=request.user, text=checked(SheetSerializer, request.data)["csv"])
        whole = self.get_queryset().filter(pk__in=[version.pk for version in made]).order_by("id")
        return Response(self.get_serializer(whole, many=True).data, status.HTTP_201_CREATED)

    @extend_schema(summary="Count a use", request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def use(self, request: Request, pk: str) -> Response:
        """The phrase was put into a text."""
        note_use(actor=request.user, code=self.get_object().phrase.code)
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(
    list=extend_schema(summary="Releases, newest first"),
    retrieve=extend_schema(summary="A release with its entries", responses=WholeReleaseSerializer),
)
class ReleaseViewSet(ListedViewSet):
    """Numbered snapshots of the phrasebook; the highest number is in force."""

    queryset = BookRelease.objects.none()
    lookup_value_regex = "[0-9]{1,9}"
    keyset_order = ("-number",)
    required_scopes = {"list": READ, "retrieve": READ, "diff": READ, "*": WRITE}

    def get_queryset(self) -> QuerySet[BookRelease]:
        require(self.request.user, "phrase.view")
        found: QuerySet[BookRelease] = BookRelease.objects.select_related("made_by")
        return found.defer("content") if self.action == "list" else found

    def get_serializer_class(self) -> Any:
        return WholeReleaseSerializer if self.action == "retrieve" else ReleaseSerializer

    @extend_schema(summary="Release what is approved", request=NoteSerializer, responses={201: ReleaseSerializer})
    def create(self, request: Request) -> Response:
        """Refused if nothing has changed, or if an example fails."""
        made = publish(actor=request.user, **checked(NoteSerializer, request.data))
        return Response(ReleaseSerializer(made).data, status.HTTP_201_CREATED)

    @extend_schema(
        summary="What a release changed",
        parameters=[DiffFilterSerializer],
        responses={200: DifferenceSerializer(many=True)},
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def diff(self, request: Request, pk: str) -> Response:
        """Entry by entry, against the release before or another one."""
        release = self.get_object()
        against = checked(DiffFilterSerializer, request.query_params).get("against", release.number - 1)
        other = BookRelease.objects.filter(number=against).first()
        if other is None and against != 0:
            raise nothing_there("against")
        found = differences(other.content if other else [], release.content)
        return Response(DifferenceSerializer(found, many=True).data)

    @extend_schema(summary="Roll back", request=NoteSerializer, responses={201: ReleaseSerializer})
    @action(detail=True, methods=["post"], url_path="roll-back", url_name="roll-back")
    def roll_back(self, request: Request, pk: str) -> Response:
        """Publish this release's entries again, under the next number."""
        made = roll_back(actor=request.user, release=self.get_object(), **checked(NoteSerializer, request.data))
        return Response(ReleaseSerializer(made).data, status.HTTP_201_CREATED)


@extend_schema_view(
    list=extend_schema(summary="Findings, newest first", parameters=[FindingFilterSerializer]),
    retrieve=extend_schema(summary="A finding"),
)
class FindingViewSet(ListedViewSet):
    """What the check has found in texts that were saved or sent, for quality inspection."""

    queryset = LanguageFinding.objects.none()
    serializer_class = FindingSerializer
    lookup_value_regex = WHOLE_NUMBER
    keyset_order = ("-id",)
    filters = FindingFilterSerializer
    required_scopes = {"list": READ, "retrieve": READ, "figures": READ, "*": WRITE}

    def get_queryset(self) -> QuerySet[LanguageFinding]:
        found: QuerySet[LanguageFinding] = LanguageFinding.objects.select_related("said_by", "decided_by")
        if self.action == "dismiss":
            return found
        require(self.request.user, "finding.view")
        return found

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        rows: list[LanguageFinding] = args[0] if args and kwargs.get("many") else list(args[:1])
        things = [row.thing for row in rows]
        return FindingSerializer(
            *args, **kwargs | {"context": {"places": seen_by(self.request.user, things) if things else {}}}
        )

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        found = self.get_object()
        if found.thing not in seen_by(request.user, [found.thing]):
            raise NotFound
        return Response(self.get_serializer(found).data)

    @extend_schema(
        summary="Entries by how often they are dismissed", responses={200: FigureSerializer(many=True)}, filters=False
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def figures(self, request: Request) -> Response:
        """Found, dismissed, overridden and replaced, for each entry; at most 500."""
        require(request.user, "finding.view")
        return Response(FigureSerializer(LanguageFinding.objects.figures()[:500], many=True).data)

    @extend_schema(summary="Not a fault", request=ReasonSerializer, responses={200: FindingSerializer})
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str) -> Response:
        """Says so, and drafts an exception for the entry, which somebody else approves."""
        finding = self.get_object()
        dismiss(actor=request.user, finding=finding, **checked(ReasonSerializer, request.data))
        return Response(self.get_serializer(LanguageFinding.objects.newest().get(pk=finding.pk)).data)


@extend_schema_view(
    list=extend_schema(summary="Transcripts, newest first"),
    retrieve=extend_schema(summary="How far a transcript has come"),
)
class TranscriptViewSet(ListedViewSet):
    """Talks that are checked afterwards (K3): sent in as a whole, checked piece by piece by a worker."""

    queryset = Transcript.objects.none()
    serializer_class = TranscriptSerializer
    lookup_value_regex = WHOLE_NUMBER
    keyset_order = ("-id",)
    required_scopes = {"*": CHECK}

    def get_queryset(self) -> QuerySet[Transcript]:
        require(self.request.user, "transcript.send")
        found: QuerySet[Transcript] = Transcript.objects.visible_to(self.request.user).select_related("by", "agent")
        return found

    @extend_schema(summary="Send a talk in", request=TalkSerializer, responses={202: TranscriptSerializer})
    def create(self, request: Request) -> Response:
        """Kept at once and checked by a worker; ask for it again to see how far it has come."""
        given = checked(TalkSerializer, request.data)
        agent = Staff.objects.filter(pk=given["agent"]).first() if given["agent"] is not None else None
        if given["agent"] is not None and agent is None:
            raise nothing_there("agent")
        lines = [Line(one["speaker"], one["text"]) for one in given["lines"]] if "lines" in given else None
        made = send_in(actor=request.user, title=given["title"], text=given.get("text", ""), lines=lines, agent=agent)
        begin(transcript_id=made.pk)
        there = self.reverse_action("detail", [made.pk])
        return Response(TranscriptSerializer(made).data, status.HTTP_202_ACCEPTED, headers={"Location": there})


router_entries = [
    ("phrases", PhraseViewSet, "phrase"),
    ("releases", ReleaseViewSet, "release"),
    ("findings", FindingViewSet, "finding"),
    ("transcripts", TranscriptViewSet, "transcript"),
]
