"""The register of channels: a further one is a class of its own and a line here."""

from service_desk.notices.channels.base import BadTarget, Channel, Letter, NotSent
from service_desk.notices.channels.mail import EmailChannel
from service_desk.notices.channels.robots import DingTalkChannel, FeishuChannel, WeComChannel
from service_desk.notices.channels.webhook import WebhookChannel

_ALL: tuple[Channel, ...] = (
    EmailChannel(),
    WeComChannel(),
    DingTalkChannel(),
    FeishuChannel(),
    WebhookChannel(),
)
CHANNELS: dict[str, Channel] = {str(channel.kind): channel for channel in _ALL}

__all__ = ["CHANNELS", "BadTarget", "Channel", "Letter", "NotSent"]
