"""K4: drafted by one, approved by another, retired; releases are snapshots that nobody changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from service_desk.audit.models import AuditEntry
from service_desk.knowledge import shipped
from service_desk.knowledge.actions import approve, draft, publish, retire, roll_back
from service_desk.knowledge.diff import differences
from service_desk.knowledge.models import BookRelease, Phrase, PhraseVersion
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.rest.errors import Conflict, Invalid, NotAllowed
from tests.factories import staff

GOOD: dict[str, Any] = {
    "category": "impolite",
    "suggestions": ["请您稍等。"],
    "must_hit": ["小票机坏了"],
    "must_not_hit": ["您的小票"],
    "forms": ["小票{机|器}"],
}


@pytest.fixture
def author(db: None) -> Staff:
    return staff("author", Role.FRONT_DESK)


@pytest.fixture
def editor(db: None) -> Staff:
    return staff("editor", Role.SUPERVISOR)


def drafted(author: Staff, code: str = "X1", **changes: Any) -> PhraseVersion:
    text = changes.pop("text", "小票机") if code == "X2" else "小票机"
    own = {"forms": [], "must_hit": [text], "must_not_hit": ["好的"]} if code == "X2" else {}
    return draft(actor=author, code=code, kind="banned", text=text, content={**GOOD, **own, **changes})


def test_K4_a_draft_is_in_force_only_after_somebody_elses_approval(author: Staff, editor: Staff) -> None:
    version = drafted(author)
    assert not BookRelease.objects.exists()
    release = approve(actor=editor, versions=[version])
    version.refresh_from_db()
    assert (version.state, version.approver, release.number, release.entries) == ("approved", editor, 1, 1)
    assert release.content[0]["code"] == "X1"


def test_K4_nobody_approves_what_they_have_drafted(editor: Staff) -> None:
    version = drafted(editor)
    with pytest.raises(NotAllowed):
        approve(actor=editor, versions=[version])
    version.refresh_from_db()
    assert version.state == "draft"


def test_K4_approver_is_not_author_in_the_database_either(author: Staff) -> None:
    version = drafted(author)
    with pytest.raises(IntegrityError, match="phrase_approver_is_not_author"), transaction.atomic():
        PhraseVersion.objects.filter(pk=version.pk).update(state="approved", approver=author)
    with pytest.raises(IntegrityError, match="phrase_approved_by_somebody"), transaction.atomic():
        PhraseVersion.objects.filter(pk=version.pk).update(state="approved")


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.AUDITOR, Role.FIELD_ENGINEER])
def test_K4_only_editors_approve_retire_and_release(author: Staff, role: str) -> None:
    other, version = staff("other", role), drafted(author)
    deeds: list[Callable[[], object]] = [
        lambda: approve(actor=other, versions=[version]),
        lambda: retire(actor=other, version=version),
        lambda: publish(actor=other),
    ]
    for deed in deeds:
        with pytest.raises(NotAllowed):
            deed()
    assert not BookRelease.objects.exists()


def test_K4_what_a_version_says_is_written_once(author: Staff) -> None:
    version = drafted(author)
    for column, value in (("text", "别的"), ("content", {}), ("author", None), ("category", "impatient")):
        with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
            PhraseVersion.objects.filter(pk=version.pk).update(**{column: value})
    with pytest.raises(DatabaseError), transaction.atomic():
        version.delete()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE knowledge_bookrelease SET note = 'x'",
        "DELETE FROM knowledge_bookrelease",
        "TRUNCATE knowledge_bookrelease CASCADE",
    ],
)
def test_K4_a_release_is_never_changed(author: Staff, editor: Staff, sql: str) -> None:
    approve(actor=editor, versions=[drafted(author)])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(sql)
    assert BookRelease.objects.count() == 1


def test_K4_a_release_that_fails_its_examples_is_refused_with_which(author: Staff, editor: Staff) -> None:
    version = drafted(author, must_hit=["没有这个词"], must_not_hit=["小票机在这里"])
    with pytest.raises(Invalid) as refusal:
        approve(actor=editor, versions=[version])
    assert [(e.field, e.code) for e in refusal.value.errors] == [
        ("must_hit", "example_failed"),
        ("must_not_hit", "example_failed"),
    ]
    assert "没有这个词" in str(refusal.value.errors[0].message)
    version.refresh_from_db()
    assert version.state == "draft"
    assert not BookRelease.objects.exists()


def test_K4_a_new_entry_must_not_break_the_examples_of_another(author: Staff, editor: Staff) -> None:
    approve(actor=editor, versions=[drafted(author)])
    worse = draft(
        actor=author,
        code="X1",
        kind="banned",
        text="小票",
        content={**GOOD, "forms": ["小票"], "must_not_hit": ["您的小票"]},
    )
    with pytest.raises(Invalid) as refusal:
        approve(actor=editor, versions=[worse])
    assert "您的小票" in str(refusal.value.errors[0].message)
    assert BookRelease.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("suggestions", [], "one_to_three"),
        ("suggestions", ["一", "二", "三", "四"], "one_to_three"),
        ("must_hit", [], "required"),
        ("must_not_hit", [], "required"),
    ],
)
def test_K4_what_is_unfinished_is_not_approved(author: Staff, editor: Staff, field: str, value: Any, code: str) -> None:
    version = drafted(author, **{field: value})
    with pytest.raises(Invalid) as refusal:
        approve(actor=editor, versions=[version])
    assert [(e.field, e.code) for e in refusal.value.errors] == [(field, code)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("forms", ["！！"]),
        ("forms", ["{你|"]),
        ("forms", ["{a|b|c|d}" * 6]),
        ("forms", "不是表"),
        ("forms", [3]),
        ("forms", [""]),
        ("forms", ["长" * 201]),
        ("forms", ["词"] * 61),
        ("category", "rude"),
        ("category", ["impolite"]),
        ("severity", "kill"),
        ("need", "luck"),
        ("fuzzy", "yes"),
        ("text", "x"),
        ("nonsense", "x"),
        ("must_hit", ["\x00"]),
        ("note", 5),
    ],
)
def test_K4_a_draft_that_cannot_be_read_is_refused_by_field(author: Staff, field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        drafted(author, **{field: value})
    assert field in {e.field.split("/")[0] for e in refusal.value.errors}
    assert not PhraseVersion.objects.exists()


@pytest.mark.parametrize("text", ["", "  ", "。！", "长" * 81, "\ud800", "{你|您"])
def test_K4_an_empty_or_unusable_phrase_is_refused(author: Staff, text: str) -> None:
    with pytest.raises(Invalid):
        draft(actor=author, code="X1", kind="banned", text=text, content=GOOD)
    assert not Phrase.objects.exists()


def test_K4_retiring_makes_the_next_release_without_it(author: Staff, editor: Staff) -> None:
    version = drafted(author)
    approve(actor=editor, versions=[version])
    release = retire(actor=editor, version=version, note="不再用")
    assert release is not None
    assert (release.number, release.content) == (2, [])
    with pytest.raises(Conflict):
        retire(actor=editor, version=version)


def test_K4_a_draft_that_is_thrown_away_makes_no_release(author: Staff, editor: Staff) -> None:
    assert retire(actor=editor, version=drafted(author)) is None
    assert not BookRelease.objects.exists()


def test_K4_roll_back_is_a_new_release_of_an_older_snapshot(author: Staff, editor: Staff) -> None:
    first = approve(actor=editor, versions=[drafted(author)])
    second = approve(
        actor=editor, versions=[drafted(author, suggestions=["请讲"]), drafted(author, "X2", text="快签字")]
    )
    third = roll_back(actor=editor, release=first, note="误报")
    assert (third.number, third.content, third.rolled_back_to) == (3, first.content, first)
    assert [v.phrase.code for v in PhraseVersion.objects.in_force().select_related("phrase")] == ["X1"]
    assert [d.code for d in differences(second.content, third.content)] == ["X1", "X2"]
    with pytest.raises(Conflict):
        roll_back(actor=editor, release=first)


def test_K4_a_release_of_nothing_new_is_refused(author: Staff, editor: Staff) -> None:
    approve(actor=editor, versions=[drafted(author)])
    with pytest.raises(Conflict):
        publish(actor=editor)
    assert BookRelease.objects.count() == 1


def test_K4_a_difference_names_the_fields() -> None:
    one, other = {"code": "X", "text": "甲", "version": 1}, {"code": "X", "text": "乙", "version": 2}
    (found,) = differences([one], [other])
    assert (found.code, found.fields, found.before, found.after) == ("X", ["text"], one, other)
    assert differences([one], [{**one, "version": 5}]) == []


def test_K4_every_change_has_its_author_in_the_trail(author: Staff, editor: Staff) -> None:
    version = drafted(author)
    approve(actor=editor, versions=[version])
    trail = AuditEntry.objects.order_by("id").values_list("verb", "actor_id")
    assert list(trail) == [("phrase.draft", author.pk), ("phrase.approve", editor.pk), ("release.publish", editor.pk)]


def test_K1_K2_the_source_documents_are_shipped_and_what_is_ours_is_a_draft(editor: Staff) -> None:
    shipped.load()
    assert Phrase.objects.count() == 93
    in_force = set(PhraseVersion.objects.in_force().values_list("phrase__code", flat=True))
    assert {"A01", "A43", "B19", "B21"} <= in_force
    assert not {"A51", "B01", "B25", "B39"} & in_force
    assert BookRelease.objects.get().entries == len(in_force)
    shipped.load()
    assert PhraseVersion.objects.count() == 93
    release = shipped.approve_shipped_drafts(actor=editor)
    assert (release.number, release.entries) == (2, 93)
    assert not PhraseVersion.objects.drafts().exists()
