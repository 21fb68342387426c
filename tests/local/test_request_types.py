"""The request types that a desk begins with: complete, in both languages, given once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from service_desk.cases.models import Case, RequestField, RequestType
from service_desk.local import demo, reference
from service_desk.local.request_types import load_request_types


def test_C16_the_shipped_types_are_whole_and_in_two_languages(db: None) -> None:
    reference.load()
    types = RequestType.objects.all()
    assert {found.service_line_id for found in types} == {"telecom", "property", None}
    assert {found.report for found in types} == {"", "service_report", "upgrade_summary"}
    assert len(types) == 8
    for found in types:
        found.full_clean()
        assert found.name_en
    for field in RequestField.objects.all():
        field.full_clean()
        assert field.name_en


def test_what_an_administrator_changed_does_not_come_back(db: None) -> None:
    reference.load()
    RequestType.objects.filter(name="咨询").update(name="业务咨询", is_active=False)
    load_request_types()
    assert RequestType.objects.count() == 8
    assert not RequestType.objects.filter(name="咨询").exists()


def test_the_demo_company_uses_them(db: None, settings: Any, tmp_path: Any) -> None:
    settings.DATA_DIR = tmp_path
    reference.load()
    demo.load()
    used = set(Case.objects.exclude(request_type=None).values_list("request_type__name", flat=True))
    assert {"故障申告", "报修（水电）", "电梯故障", "咨询", "现场技术支持"} <= used
    assert Case.objects.filter(request_values__trapped=True, told_once_at__isnull=False).exists()
    assert Case.objects.exclude(read_back__reason=None).filter(read_back__name=False).exists()
    for case in Case.objects.exclude(told_once_at=None):
        assert case.told_once_at is not None
        assert abs(case.told_once_at - case.registered_at) < timedelta(seconds=5)  # time passes for what was told too
