"""Pages of the notices package, one file a theme."""

from service_desk.notices.views.link import acknowledge_link
from service_desk.notices.views.mail import mail_folder, mail_message
from service_desk.notices.views.mine import acknowledge_notice, bell, notice_list, read_all, read_notice
from service_desk.notices.views.preferences import address_remove, address_rotate, address_test, preferences
from service_desk.notices.views.undelivered import redrive_delivery, undelivered

__all__ = [
    "acknowledge_link",
    "acknowledge_notice",
    "address_remove",
    "address_rotate",
    "address_test",
    "bell",
    "mail_folder",
    "mail_message",
    "notice_list",
    "preferences",
    "read_all",
    "read_notice",
    "redrive_delivery",
    "undelivered",
]
