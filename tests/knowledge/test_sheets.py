"""K4: a sheet goes out safe for spreadsheets and comes in as drafts only."""

from __future__ import annotations

import pytest

from service_desk.knowledge.actions.sheets import import_sheet
from service_desk.knowledge.models import BookRelease, PhraseVersion
from service_desk.knowledge.sheet import COLUMNS, read, write
from service_desk.knowledge.shipped import entries
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.rest.errors import Invalid, NotAllowed
from tests.factories import staff


@pytest.fixture
def agent(db: None) -> Staff:
    return staff("agent", Role.FRONT_DESK)


def test_K4_what_goes_out_comes_in_the_same_and_as_drafts_only(agent: Staff) -> None:
    out = write(entries())
    made = import_sheet(actor=agent, text=out)
    assert len(made) == 93
    assert not BookRelease.objects.exists()
    assert set(PhraseVersion.objects.values_list("state", "author_id")) == {("draft", agent.pk)}
    again = write([v.snapshot() | {"note": ""} for v in PhraseVersion.objects.select_related("phrase").order_by("id")])
    assert again == out


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", "＠SUM(A1)", "'=1", "'", "''x"])
def test_K4_no_cell_is_a_formula_and_none_is_changed(cell: str) -> None:
    out = write([{"code": "X1", "kind": "approved", "text": cell, "situation": cell}])
    formulas = ("=", "+", "-", "@", "＝", "＠")
    assert not any(part.lstrip().startswith(formulas) for part in out.splitlines()[1].split(",")[2:])
    (row,) = read(out)
    assert row.text == cell.strip()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("code,kind,text\n", "empty"),
        ("code,kind\nX1,banned\n", "missing_column"),
        ("code,kind,text,colour\nX1,banned,词,red\n", "unknown_column"),
        ("code,kind,text\nX1,banned\n", "ragged"),
        ("code,kind,text\nX1,banned,词,多\n", "ragged"),
        ('code,kind,text\nX1,banned,"词\n', "no_csv"),
        ("code,kind,text\n" + "X1,approved,词\n" * 2001, "too_many_rows"),
        ("code,kind,text\nX1,banned,\x00\n", "unclean_text"),
    ],
)
def test_K4_a_sheet_that_cannot_be_read_is_refused(agent: Staff, text: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        import_sheet(actor=agent, text=text)
    assert refusal.value.errors[0].code == code
    assert not PhraseVersion.objects.exists()


def test_K4_wrong_rows_are_named_and_none_is_kept(agent: Staff) -> None:
    text = "code,kind,text,category\nX1,banned,小票机,impolite\nX2,banned,。,rude\n"
    with pytest.raises(Invalid) as refusal:
        import_sheet(actor=agent, text=text)
    assert {e.field for e in refusal.value.errors} == {"csv/3/text", "csv/3/category"}
    assert not PhraseVersion.objects.exists()


def test_K4_a_reader_imports_nothing(db: None) -> None:
    with pytest.raises(NotAllowed):
        import_sheet(actor=staff("reader", Role.AUDITOR), text=",".join(COLUMNS))
