"""Each channel against a real receiver: what arrives, how it is signed, which answer counts as success."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook

from service_desk.notices.channels import CHANNELS, BadTarget, Letter, NotSent
from service_desk.notices.channels.robots import DingTalkChannel, FeishuChannel, WeComChannel
from service_desk.rest.signing import new_secret
from tests.notices.sinks import WebSink, free_port


def letter(target: str, **fields: Any) -> Letter:
    return Letter(
        dedup_key="case_deadline:12:1:due:gm_marketing:0:webhook:1",
        message_id="<a@b>",
        target=target,
        level="emergency",
        level_label="Emergency",
        kind="clock_breached",
        subject="CALL-20261121-0001 华信",
        body="Body",
        language="en",
        **fields,
    )


def refusal(kind: str, *args: Any, **kwargs: Any) -> NotSent:
    with pytest.raises(NotSent) as caught:
        CHANNELS[kind].send(letter(*args, **kwargs))
    return caught.value


def test_every_channel_is_registered_under_its_kind() -> None:
    assert {kind: channel.kind for kind, channel in CHANNELS.items()} == {
        kind: kind for kind in ("email", "wecom", "dingtalk", "feishu", "webhook")
    }


# --- Webhook --------------------------------------------------------------------------------------------------------
def test_a_webhook_is_signed_by_both_secrets_during_a_change(web_sink: WebSink) -> None:
    secrets = (new_secret(), new_secret())
    CHANNELS["webhook"].send(letter(f"{web_sink.url}/hook", secrets=secrets, facts={"number": "CALL-1"}))
    path, headers, body = web_sink.requests.get(timeout=5)
    assert path == "/hook"
    assert headers["webhook-id"] == "case_deadline:12:1:due:gm_marketing:0:webhook:1"
    for secret in secrets:
        said = Webhook(secret).verify(body, headers)
        assert said["type"] == "notice.clock_breached"
        assert said["data"]["facts"] == {"number": "CALL-1"}
    assert "华信".encode() in body


def test_a_webhook_follows_no_redirect(web_sink: WebSink) -> None:
    web_sink.answer = lambda _path: (302, {"Location": f"{web_sink.url}/elsewhere"}, b"")
    assert refusal("webhook", f"{web_sink.url}/hook").reason == "HTTP 302"
    assert web_sink.requests.qsize() == 1


def test_gone_is_final_and_a_defect_there_is_not(web_sink: WebSink) -> None:
    web_sink.answer = lambda _path: (410, {}, b"")
    assert refusal("webhook", web_sink.url).final is True
    web_sink.answer = lambda _path: (500, {}, b"")
    assert refusal("webhook", web_sink.url).final is False


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.1", "[::1]", "169.254.169.254", "0.0.0.0", "100.64.0.1"]
)
def test_a_webhook_does_not_reach_into_our_own_network(settings: Any, host: str) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    refused = refusal("webhook", f"https://{host}:{free_port()}/")
    assert refused.final is True
    assert "private" in refused.reason


def test_nobody_listening_is_no_uncertainty(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    refused = refusal("webhook", f"http://127.0.0.1:{free_port()}/")
    assert (refused.final, refused.uncertain) == (False, False)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https://u:p@example.com/",
        "https://example.com:99999/",
        "https://[::1",
    ],
)
def test_what_is_no_webhook_address(settings: Any, target: str) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = False
    with pytest.raises(BadTarget):
        CHANNELS["webhook"].check(target)


def test_plain_http_is_for_own_networks(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    assert CHANNELS["webhook"].check("http://10.0.0.1/x") == "http://10.0.0.1/x"


# --- Robots ---------------------------------------------------------------------------------------------------------
ROBOTS = [
    ("wecom", WeComChannel, "wecombot://abc-def", "/cgi-bin/webhook/send?key={key}", {"errcode": 0, "errmsg": "ok"}),
    ("dingtalk", DingTalkChannel, "dingtalk://s3cret@abc", "/robot/send?access_token={token}", {"errcode": 0}),
    ("feishu", FeishuChannel, "feishu://abc-def", "/open-apis/bot/v2/hook/{token}/", {"code": 0, "msg": "success"}),
]


@pytest.fixture(params=ROBOTS, ids=[robot[0] for robot in ROBOTS])
def robot(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str, WebSink]]:
    """The robot's own servers stand on the loopback; everything between is real."""
    kind, channel, target, path, good = request.param
    sink = WebSink(lambda _path: (200, {}, json.dumps(good).encode()))
    monkeypatch.setattr(channel.plugin, "notify_url", sink.url + path)
    yield kind, target, sink
    sink.stop()


def test_a_robot_says_subject_and_text(robot: tuple[str, str, WebSink]) -> None:
    kind, target, sink = robot
    CHANNELS[kind].send(letter(target, url="http://desk/cases/1/"))
    path, _headers, body = sink.requests.get(timeout=5)
    said = json.loads(body)
    text = said["content"]["text"] if kind == "feishu" else said["text"]["content"]
    assert text == "[Emergency] CALL-20261121-0001 华信\nBody\n\nhttp://desk/cases/1/"
    assert "abc" in path
    assert ("sign=" in path) is (kind == "dingtalk")


def test_http_200_with_an_error_code_is_a_failure(robot: tuple[str, str, WebSink]) -> None:
    kind, target, sink = robot
    for answer in (
        b'{"errcode": 45009, "errmsg": "freq"}',
        b'{"code": 9499, "msg": "Bad Request"}',
        b"<html>",
        b"[]",
        b"{}",
    ):
        sink.answer = lambda _path, answer=answer: (200, {}, answer)  # type: ignore[misc]
        assert refusal(kind, target).final is False
    sink.answer = lambda _path: (502, {}, b"")
    assert refusal(kind, target).reason == "HTTP 502"


def test_a_long_text_is_cut_to_what_the_robots_take(robot: tuple[str, str, WebSink]) -> None:
    kind, target, sink = robot
    CHANNELS[kind].send(letter(target, note="很长" * 2000))
    body = json.loads(sink.requests.get(timeout=5)[2])
    text = body["content"]["text"] if kind == "feishu" else body["text"]["content"]
    assert len(text.encode()) <= 2048
    assert text.endswith("…")


def test_a_failure_does_not_tell_the_robots_key(robot: tuple[str, str, WebSink]) -> None:
    kind, target, sink = robot
    sink.stop()
    assert refusal(kind, target).reason == "ConnectionError"


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc-123", "wecombot://abc-123/"),
        ("wecom", "wecombot://abc-123", "wecombot://abc-123/"),
        ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=abc123", "dingtalk://abc123/"),
        ("dingtalk", "dingtalk://sec@abc123", "dingtalk://sec@abc123/"),
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/abc-123", "feishu://abc-123/"),
    ],
)
def test_a_robots_address_is_kept_in_one_form(kind: str, given: str, stored: str) -> None:
    found = CHANNELS[kind].check(given)
    assert found.rstrip("/") == stored.rstrip("/")
    assert CHANNELS[kind].check(found) == found


@pytest.mark.parametrize(
    "target", ["", "mailto://x@y", "wecombot://", "json://127.0.0.1/", "file:///etc/passwd", "feishu://a b"]
)
def test_a_robot_takes_no_other_scheme(target: str) -> None:
    for kind in ("wecom", "dingtalk", "feishu"):
        with pytest.raises(BadTarget):
            CHANNELS[kind].check(target)
