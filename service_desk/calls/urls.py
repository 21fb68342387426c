"""Addresses of the calls."""

from django.urls import path, register_converter

from service_desk.calls.views import listing, messages, now, settling


class CallRef:
    """The public name of a call; whatever else stands in an address is none and never reaches the database."""

    regex = "[0-9A-HJKMNP-TV-Z]{26}"

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str) -> str:
        """As it stands."""
        return value


class CallDeed(CallRef):
    """A button of the call bar."""

    regex = "|".join(now.DEEDS)


register_converter(CallRef, "callref")
register_converter(CallDeed, "calldeed")

urlpatterns = [
    path("calls/", listing.call_list, name="call-list"),
    path("calls/now/", now.bar, name="call-bar"),
    path("calls/sound/", now.sound, name="call-sound"),
    path("calls/to-register/", listing.to_register, name="call-to-register"),
    path("calls/by-hand/", settling.by_hand, name="call-by-hand"),
    path("calls/cases/", settling.suggest_cases, name="call-case-suggest"),
    path("customers/<bigint:pk>/calls/", listing.of_customer, name="customer-calls"),
    path("cases/<case:number>/calls/", listing.of_case, name="case-calls"),
    path("calls/messages/", messages.message_list, name="message-list"),
    path("calls/messages/new/", messages.message_new, name="message-new"),
    path("calls/messages/<bigint:pk>/", messages.message_detail, name="message-detail"),
    path("calls/messages/<bigint:pk>/acknowledge/", messages.message_acknowledge, name="message-acknowledge"),
    path("calls/messages/<bigint:pk>/answer/", messages.message_answer, name="message-answer"),
    path("calls/messages/<bigint:pk>/number/", messages.message_reveal, name="message-reveal"),
    path("calls/<callref:ref>/", listing.call_detail, name="call-detail"),
    path("calls/<callref:ref>/link/", settling.link, name="call-link"),
    path("calls/<callref:ref>/no-ticket/", settling.no_ticket, name="call-no-ticket"),
    path("calls/<callref:ref>/undo/", settling.undo, name="call-undo"),
    path("calls/<callref:ref>/transfer/", settling.transfer, name="call-transfer"),
    path("calls/<callref:ref>/call-back/", settling.call_back, name="call-back"),
    path("calls/<callref:ref>/<calldeed:deed>/", now.press, name="call-press"),
]
