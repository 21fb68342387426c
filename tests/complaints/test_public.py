"""The form by which customers complain: no account, a row first, a receipt, a state that says little; and a flood."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import Client

from service_desk.cases.models import Case
from service_desk.complaints.actions.web import Sent, keep_sent, look_up, take_in
from service_desk.complaints.codes import code_of, digest_of, is_code, plain
from service_desk.complaints.models import Complaint, WebComplaint
from service_desk.notices.models import Notice
from service_desk.people.models import DutyShift, Staff
from tests.cases.pages import browser, text_of
from tests.complaints.making import PHONE, WHO, desk

pytestmark = pytest.mark.django_db


def sent(**given: Any) -> dict[str, Any]:
    """What the form sends."""
    return {
        "token": str(uuid.uuid4()),
        "matter": "维修承诺两次无人上门",
        "wanted": "今天上门修好",
        "description": "约了周一和周三",
        "name": WHO,
        "phone": PHONE,
        **given,
    }


def visitor() -> Client:
    """A customer's browser: no cookie, no log-in, and the token against foreign forms not known."""
    return Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"})


def test_a_customer_complains_without_an_account_and_gets_reference_and_code() -> None:
    here = desk()
    page = visitor().get("/complain/")
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"] or "no-cache" in page.headers["Cache-Control"]
    answer = visitor().post("/complain/", sent(service=here.line.pk))
    assert answer.status_code == 201, text_of(answer)
    row = WebComplaint.objects.get()
    assert row.reference in text_of(answer)
    assert code_of(row.reference, row.token) in text_of(answer)
    assert row.complaint is None
    assert Complaint.objects.count() == 0  # the row is written; nothing else has to work for the receipt


def test_P1_what_was_sent_becomes_a_complaint_with_its_own_acceptance_time_and_the_row_forgets_it() -> None:
    here = desk()
    visitor().post("/complain/", sent(service=here.line.pk))
    assert take_in() == 1
    assert take_in() == 0
    row, made = WebComplaint.objects.get(), Complaint.objects.get()
    assert row.complaint == made
    assert (row.name, row.phone, row.matter, row.wanted, row.description) == ("", "", "", "", "")
    assert made.channel == "web"
    assert made.case.accepted_at == row.received_at
    assert made.case.caller_name == WHO
    assert made.case.first_responder == here.manager
    assert made.identifiers.get().value == row.reference
    assert made.case.confidential
    told = Notice.objects.get(kind="complaint_yours", recipient=here.manager)
    assert "无人上门" not in str(told.facts)


def test_P7_the_person_that_the_customer_names_never_sees_it() -> None:
    here = desk()
    visitor().post("/complain/", sent(about_person=here.agent.full_name))
    take_in()
    made = Complaint.objects.get()
    assert made.about_staff == here.agent
    for person in (here.agent, here.chief):
        assert not Case.objects.visible_to(person).filter(pk=made.pk).exists()


def test_a_complaint_without_a_name_is_taken_too() -> None:
    desk()
    answer = visitor().post("/complain/", sent(name="", phone=""))
    assert answer.status_code == 201
    take_in()
    assert Complaint.objects.get().anonymous


def test_the_state_is_told_by_reference_and_code_and_nothing_else() -> None:
    here = desk()
    visitor().post("/complain/", sent(service=here.line.pk))
    row = WebComplaint.objects.get()
    code = code_of(row.reference, row.token)
    first = visitor().post("/complain/state/", {"reference": row.reference, "code": code})
    assert "Received" in text_of(first)
    take_in()
    later = visitor().post("/complain/state/", {"reference": row.reference.lower(), "code": code.replace("-", " ")})
    assert "Accepted; somebody is looking at it." in text_of(later)
    made = Complaint.objects.get()
    for secret in (made.number, WHO, PHONE, "无人上门", str(here.manager)):
        assert secret not in later.content.decode()


def test_a_wrong_reference_and_a_wrong_code_are_told_alike() -> None:
    desk()
    visitor().post("/complain/", sent())
    row = WebComplaint.objects.get()
    code = code_of(row.reference, row.token)
    wrong = visitor().post("/complain/state/", {"reference": row.reference, "code": "ABCD-ABCD-ABCD"})
    missing = visitor().post("/complain/state/", {"reference": "WC-20200101-ABCDEF", "code": code})
    assert wrong.status_code == missing.status_code == 422
    assert "There is no complaint with this reference and this code." in text_of(wrong)
    assert "There is no complaint with this reference and this code." in text_of(missing)
    assert look_up(reference=row.reference, code="") is None
    assert not is_code(code, None)
    assert is_code(f" {code.lower()} ", digest_of(code))
    assert len(plain(code)) == 12


def test_questions_of_one_address_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    desk()
    monkeypatch.setattr("service_desk.complaints.views.public.wait", lambda key, per_second: 1.5)
    answer = visitor().post("/complain/state/", {"reference": "WC-20200101-ABCDEF", "code": "x"})
    assert answer.status_code == 429
    assert "Please wait a moment" in text_of(answer)


def test_the_trap_is_told_and_nothing_is_kept() -> None:
    desk()
    answer = visitor().post("/complain/", sent(website="http://spam.example"))
    assert answer.status_code == 422
    assert "约了周一和周三" in answer.content.decode()
    assert "Website" not in text_of(answer)
    assert WebComplaint.objects.count() == 0


def test_one_address_sends_so_many_an_hour_and_what_was_typed_comes_back(settings: Any) -> None:
    settings.WEB_COMPLAINTS_PER_HOUR = 2
    desk()
    for _time in range(2):
        assert visitor().post("/complain/", sent()).status_code == 201
    answer = visitor().post("/complain/", sent(matter="第三件"))
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]
    assert "第三件" in answer.content.decode()
    assert WebComplaint.objects.count() == 2
    other = Client(REMOTE_ADDR="192.0.2.7").post("/complain/", sent())
    assert other.status_code == 201
    settings.WEB_COMPLAINTS_PER_MINUTE = 3
    everybody = Client(REMOTE_ADDR="192.0.2.8").post("/complain/", sent())
    assert everybody.status_code == 429


def test_the_same_form_twice_gets_the_same_receipt() -> None:
    desk()
    data = sent()
    first, second = visitor().post("/complain/", data), visitor().post("/complain/", data)
    assert second.status_code == 201
    row = WebComplaint.objects.get()
    assert code_of(row.reference, row.token) in text_of(first)
    assert code_of(row.reference, row.token) in text_of(second)


@pytest.mark.parametrize(
    "bad",
    [
        {"matter": ""},
        {"wanted": " "},
        {"matter": "a\x00b"},
        {"description": "\ud800"},
        {"service": "99999999999999999999"},
        {"name": "x" * 5000},
        {"name": WHO, "phone": "", "address": ""},
    ],
    ids=lambda bad: next(iter(bad)),
)
def test_bad_input_is_told_beside_its_field(bad: dict[str, str]) -> None:
    desk()
    client = visitor()
    client.raise_request_exception = False
    pairs = [f"{name}={''.join(f'%{byte:02X}' for byte in str(value).encode('utf-8', 'surrogatepass'))}"
             for name, value in (sent() | bad).items()]  # fmt: skip
    answer = client.post("/complain/", "&".join(pairs), content_type="application/x-www-form-urlencoded")
    # Half a pair of a character is replaced by Django when it reads the form: then there is nothing to refuse.
    assert answer.status_code in ((422, 201) if "description" in bad else (422,))
    bad_state = client.post("/complain/state/", {"reference": "\x00", "code": "x" * 999})
    assert bad_state.status_code in (422, 429)


def test_a_token_that_is_none_still_sends() -> None:
    desk()
    assert visitor().post("/complain/", sent(token="")).status_code == 201
    assert visitor().post("/complain/", sent(token="not-a-token")).status_code == 422


def test_what_cannot_be_taken_in_waits_and_is_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    desk()
    DutyShift.objects.all().delete()
    leaders = list(Staff.objects.all())
    visitor().post("/complain/", sent())
    Staff.objects.update(is_active=False)
    with caplog.at_level("WARNING"):
        assert take_in() == 0
    row = WebComplaint.objects.get()
    assert row.tries == 1
    assert row.next_try_at > row.received_at
    assert "无人上门" not in caplog.text
    assert WHO not in caplog.text
    Staff.objects.filter(pk__in=[one.pk for one in leaders]).update(is_active=True)
    assert take_in() == 0  # not yet due again
    WebComplaint.objects.update(next_try_at=row.received_at)
    assert take_in() == 1


def test_the_form_speaks_chinese_too() -> None:
    desk()
    page = Client(headers={"Accept-Language": "zh-CN"}).get("/complain/")
    assert 'lang="zh-Hans"' in page.content.decode()


def test_staff_see_the_form_as_everybody_does() -> None:
    here = desk()
    assert browser(here.agent).get("/complain/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_under_a_flood_it_stays_up_and_loses_nothing_that_it_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty senders at once, each from an address of its own, while another takes in: every receipt has its row."""
    monkeypatch.setattr(settings, "WEB_COMPLAINTS_PER_MINUTE", 25)
    with transaction.atomic():
        desk()
    answers: list[tuple[int, str]] = []
    barrier = threading.Barrier(9)

    def send(number: int) -> None:
        try:
            barrier.wait(30)
            for place in range(5):
                address = f"198.51.100.{number * 5 + place}"
                answer = Client(REMOTE_ADDR=address).post("/complain/", sent(matter=f"洪水 {number}-{place}"))
                answers.append((answer.status_code, text_of(answer)))
        finally:
            connections.close_all()

    def taking() -> None:
        try:
            barrier.wait(30)
            for _round in range(5):
                take_in()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    threads.append(threading.Thread(target=taking))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    assert len(answers) == 40
    assert {status for status, _words in answers} <= {201, 429}  # never an error
    receipts = [words for status, words in answers if status == 201]
    rows = list(WebComplaint.objects.all())
    assert len(receipts) == len(rows) >= 25
    for row in rows:
        assert sum(row.reference in words and code_of(row.reference, row.token) in words for words in receipts) == 1
    while take_in():
        pass
    assert Complaint.objects.count() == len(rows)
    assert WebComplaint.objects.filter(complaint=None).count() == 0
    assert len({complaint.number for complaint in Complaint.objects.select_related("case")}) == len(rows)


def test_two_clicks_at_once_keep_one_row() -> None:
    """What the unique token stands for, through the verb itself."""
    desk()
    token = uuid.uuid4()
    first = keep_sent(sent=Sent(token=token, matter="一", wanted="二"), address="192.0.2.1")
    second = keep_sent(sent=Sent(token=token, matter="一", wanted="二"), address="192.0.2.1")
    assert first == second
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM complaints_webcomplaint")
        assert cursor.fetchone() == (1,)
