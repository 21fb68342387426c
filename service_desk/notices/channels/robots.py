"""Chat robots of WeCom, DingTalk and Feishu: Apprise knows their addresses and signatures, we read their answers.

Apprise 2.2 takes HTTP 200 for success, but these three answer 200 to a wrong key, a missing key word or too many
messages as well and say so in the body: a notice counted as sent that nobody ever saw. Hence `send` is ours.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import requests
from apprise import AppriseAsset
from apprise.exception import AppriseImproperlyConfigured
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot
from django.utils.translation import gettext as _

from service_desk.notices.channels.base import BadTarget, Letter, NotSent
from service_desk.notices.rules import ChannelKind

_TIMEOUT = (5, 10)
_LONGEST = 600  # characters: WeCom takes 2048 bytes, a Chinese character has three
_ASSET = AppriseAsset(http_redirects=False, secure_logging=True)


class _Robot:
    """What the three robots have in common."""

    kind: ClassVar[str]
    lanes: ClassVar[int] = 2
    plugin: ClassVar[Any]
    example: ClassVar[str]
    page: ClassVar[re.Pattern[str]]

    def check(self, target: str) -> str:
        """The address as Apprise writes it; the web address that the robot's page shows is taken as well."""
        return str(self._robot(target).url(privacy=False)).split("?", maxsplit=1)[0]

    def send(self, letter: Letter) -> None:
        """Post the text; HTTP 200 counts only with code 0."""
        text = f"[{letter.level_label}] {letter.subject}\n{letter.text}"
        try:
            robot = self._robot(letter.target)
        except BadTarget as error:
            raise NotSent(str(error), final=True) from error
        try:
            answer = requests.post(
                robot.notify_url.format(**self._place(robot)),
                json=self._payload(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"),
                params=self._params(robot),
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
        except requests.ReadTimeout as error:
            raise NotSent("ReadTimeout", uncertain=True) from error
        except requests.RequestException as error:
            raise NotSent(type(error).__name__) from error  # its text holds the address, and so the key
        _judge(answer)

    def _robot(self, target: str) -> Any:
        """Asks the one plugin: `Apprise.instantiate` would load all of its 130."""
        schema = f"{self.plugin.secure_protocol}://"
        shown_on_page = self.page.fullmatch(target.strip())
        address = f"{schema}{shown_on_page[1]}" if shown_on_page else target
        bad = BadTarget(_("Give the robot's web address, or: %(example)s") % {"example": self.example})
        parts = self.plugin.parse_url(address) if address.startswith(schema) else None
        if not parts:
            raise bad
        try:
            return self.plugin(**{**parts, "asset": _ASSET})
        except (AppriseImproperlyConfigured, TypeError) as error:
            raise bad from error

    def _place(self, robot: Any) -> dict[str, str]:
        return {"token": robot.token}

    def _params(self, robot: Any) -> dict[str, str]:
        return {}

    def _payload(self, text: str) -> dict[str, Any]:
        return {"msgtype": "text", "text": {"content": text}}


class WeComChannel(_Robot):
    """A robot of a WeCom (企业微信) group."""

    kind: ClassVar[str] = ChannelKind.WECOM
    plugin: ClassVar[Any] = NotifyWeComBot
    example: ClassVar[str] = "wecombot://KEY"
    page: ClassVar[re.Pattern[str]] = re.compile(
        r"https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=([\w-]+)", re.ASCII
    )

    def _place(self, robot: Any) -> dict[str, str]:
        return {"key": robot.key}


class DingTalkChannel(_Robot):
    """A robot of a DingTalk (钉钉) group, signed if it has a secret."""

    kind: ClassVar[str] = ChannelKind.DINGTALK
    plugin: ClassVar[Any] = NotifyDingTalk
    example: ClassVar[str] = "dingtalk://SECRET@TOKEN"
    page: ClassVar[re.Pattern[str]] = re.compile(
        r"https://oapi\.dingtalk\.com/robot/send\?access_token=(\w+)", re.ASCII
    )

    def _params(self, robot: Any) -> dict[str, str]:
        if not robot.secret:
            return {}
        timestamp, signature = robot.get_signature()
        return {"timestamp": timestamp, "sign": signature}


class FeishuChannel(_Robot):
    """A robot of a Feishu (飞书) group."""

    kind: ClassVar[str] = ChannelKind.FEISHU
    plugin: ClassVar[Any] = NotifyFeishu
    example: ClassVar[str] = "feishu://TOKEN"
    page: ClassVar[re.Pattern[str]] = re.compile(r"https://open\.feishu\.cn/open-apis/bot/v2/hook/([\w-]+)/?", re.ASCII)

    def _payload(self, text: str) -> dict[str, Any]:
        return {"msg_type": "text", "content": {"text": text}}


def _judge(answer: requests.Response) -> None:
    """WeCom and DingTalk say `errcode`, Feishu `code`; anything but 0 is a refusal."""
    if answer.status_code != requests.codes.ok:
        raise NotSent(f"HTTP {answer.status_code}")
    try:
        said = answer.json()
        code = said["errcode"] if "errcode" in said else said["code"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotSent("HTTP 200 without a result code") from error
    if code != 0:
        raise NotSent(f"{code} {said.get('errmsg') or said.get('msg') or ''}"[:300])
