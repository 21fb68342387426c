"""The verbs of webhooks, one file a theme; doors import them from here."""

from service_desk.webhooks.actions.delivering_again import purge_old, redeliver, redeliver_since, send_test
from service_desk.webhooks.actions.setting_up import (
    Issued,
    NewEndpoint,
    change_endpoint,
    create_endpoint,
    register_listener,
    remove_endpoint,
    retire_old_secret,
    rotate_secret,
    switch_endpoint,
)

__all__ = [
    "Issued",
    "NewEndpoint",
    "change_endpoint",
    "create_endpoint",
    "purge_old",
    "redeliver",
    "redeliver_since",
    "register_listener",
    "remove_endpoint",
    "retire_old_secret",
    "rotate_secret",
    "send_test",
    "switch_endpoint",
]
