"""What the page of all components shows: one realistic example of each state, long Chinese names included."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LONG_NAME = "内蒙古自治区呼伦贝尔市鄂温克族自治旗红花尔基林业局移动通信枢纽机房运行维护中心"
_REPLY = "您好，现场工程师已到达机房，正在更换时钟板，14:00 前再向您报告一次进展。"
_PERSON = {"full_name": "欧阳慧敏", "unit": "华北大区交换产品技术支持中心客户服务一科"}


class SampleForm(forms.Form):
    """Every kind of control once."""

    customer = forms.CharField(
        label=gettext_lazy("Customer unit"),
        help_text=gettext_lazy("Name, pinyin initials or phone number."),
        widget=forms.TextInput(
            attrs={"data-url": "/design/customers/", "data-placeholder": gettext_lazy("for example: hlbe")}
        ),
    )
    fault = forms.CharField(
        label=gettext_lazy("Brief fault description"), max_length=60, widget=forms.TextInput(attrs={"data-count": "1"})
    )
    accepted = forms.CharField(label=gettext_lazy("Accepted at"), help_text=gettext_lazy("Never in the future."))
    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"),
        choices=[
            ("critical", gettext_lazy("Critical: service is interrupted, restoration within 4 h")),
            ("major", gettext_lazy("Major: service is impaired")),
            ("minor", gettext_lazy("Minor: a question or a small defect")),
        ],
        widget=forms.RadioSelect,
    )
    product = forms.ChoiceField(label=gettext_lazy("Product"), choices=[("1", "S1240 程控交换机"), ("2", "ZXJ10")])
    note = forms.CharField(
        label=gettext_lazy("Internal note"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    password = forms.CharField(label=gettext_lazy("Password"), required=False, widget=forms.PasswordInput)
    read_back = forms.BooleanField(label=gettext_lazy("Phone number read back to the caller"))


def samples(now: datetime) -> dict[str, Any]:
    """The context of dashboard/design.html at `now`; every example twice, once a theme."""
    return {
        "panes": [
            {"theme": theme, "title": title, "form": _bound(theme), "empty_form": SampleForm(auto_id=f"{theme}_e_%s")}
            for theme, title in (("light", _("Light")), ("dark", _("Dark")))
        ],
        "clocks": clocks(now),
        "rows": _rows(now),
        "moments": _moments(now),
        "notices": _notices(now),
        "long_name": LONG_NAME,
        "person": _PERSON,
        "durations": [timedelta(seconds=42), timedelta(hours=3, minutes=20), timedelta(days=5, hours=4)],
    }


def clocks(now: datetime) -> list[dict[str, Any]]:
    """A clock in each state, and the two running ones that are near a change."""

    def clock(kind: str, state: str, total: timedelta, used: float, **more: Any) -> dict[str, Any]:
        started = now - total * used
        return {
            "kind_label": kind,
            "state": state,
            "started_at": started,
            "due_at": started + total,
            "share": min(used, 1.0),
            "explain_url": "/design/",
            **more,
        }

    hour = timedelta(hours=1)
    return [
        clock(_("First response"), "running", hour, 0.3),
        clock(_("Restoration"), "running", 4 * hour, 0.82),
        clock(_("Restoration"), "running", 4 * hour, 1.0528),
        clock(_("On site"), "met", 2 * hour, 0.6, ended_at=now - hour / 5),
        clock(_("Solution"), "paused", 40 * hour, 0.4, remaining=24 * hour),
        clock(_("Feedback"), "merged", 4 * hour, 0.5),
        clock(_("Promise to the customer"), "cancelled", 4 * hour, 0.2, explain_url=""),
        clock(_("Solution"), "running", 200 * hour, 0.1),
        clock(_("Feedback"), "breached", 4 * hour, 1.2, ended_at=now - hour / 4),
    ]


def _bound(theme: str) -> SampleForm:
    data = {
        "customer": "",
        "customer_text": LONG_NAME,
        "fault": "全网话路中断" * 11,
        "severity": "major",
        "product": "1",
    }
    return SampleForm(data, auto_id=f"{theme}_%s")


def _rows(now: datetime) -> list[dict[str, Any]]:
    faces = clocks(now)
    subjects = [
        (f"{LONG_NAME} S1240 程控交换机 全局话路中断", "critical", _("Critical"), "in_progress", _("In progress")),
        ("滨海新区华苑小区物业服务中心 电梯 3 号楼停运有人被困", "critical", _("Critical"), "restored", _("Restored")),
        ("河北省秦皇岛市联通分公司 ZXJ10 计费数据异常", "major", _("Major"), "waiting", _("Waiting")),
        (
            "Northgate Retail Park Management Office · lighting · car park dark",
            "minor",
            _("Minor"),
            "registered",
            _("Registered"),
        ),
    ]
    order = (2, 1, 4, 0)
    return [
        {
            "number": f"CALL-20261121-{index + 1:04}",
            "subject": subject,
            "severity": severity,
            "severity_label": severity_label,
            "state": state,
            "state_label": state_label,
            "clock": faces[order[index]],
            "handler": _PERSON,
        }
        for index, (subject, severity, severity_label, state, state_label) in enumerate(subjects)
    ]


def _moments(now: datetime) -> list[dict[str, Any]]:
    def moment(number: int, kind: str, who: str, title: str, text: str = "", **more: Any) -> dict[str, Any]:
        return {
            "id": number,
            "kind": kind,
            "at": now - timedelta(minutes=90 - 10 * number),
            "who": who,
            "title": title,
            "text": text,
            **more,
        }

    return [
        moment(1, "change", "欧阳慧敏", _("registered the case"), symbol="phone-arrow-down-left"),
        moment(2, "clock", "", _("Restoration started: 4 h, due 14:05"), tone="calm"),
        moment(3, "note", "慕容建国", _("noted"), "主备倒换后仍无话路，怀疑时钟板。\n已请产品中心接入。"),
        moment(4, "words", "欧阳慧敏", _("told the customer"), _REPLY, symbol="chat-bubble-left-right"),
        moment(5, "clock", "", _("Restoration: 75 % used, handler and first responder told"), tone="warn"),
        moment(6, "notice", "", _("Notice sent"), symbol="bell-alert", notice=_notices(now)[0]),
    ]


def _notices(now: datetime) -> list[dict[str, Any]]:
    base = {
        "title": _("Not restored after 4 h: both general managers are told"),
        "text": f"{LONG_NAME}\nCALL-20261121-0001",
        "recipient": "司马文博",
        "channel": _("e-mail"),
        "at": now,
    }
    return [
        {
            **base,
            "delivery": "delivered",
            "delivery_label": _("delivered"),
            "needs_ack": True,
            "acknowledged_at": None,
            "ack_url": "/design/",
        },
        {
            **base,
            "delivery": "delivered",
            "delivery_label": _("delivered"),
            "needs_ack": True,
            "acknowledged_at": now,
            "channel": _("screen"),
        },
        {
            **base,
            "delivery": "retrying",
            "delivery_label": _("trying again"),
            "needs_ack": True,
            "error": _("The mail server did not answer; next try in 30 s."),
        },
        {
            **base,
            "delivery": "dead",
            "delivery_label": _("could not be delivered"),
            "needs_ack": False,
            "channel": "WeCom",
        },
        {**base, "delivery": "pending", "delivery_label": _("on its way"), "needs_ack": False, "text": ""},
    ]
