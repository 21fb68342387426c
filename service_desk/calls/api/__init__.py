"""REST of calls as the desk sees them; what phone systems report and read is telephony's."""

from service_desk.calls.api.messages import MessageViewSet
from service_desk.calls.api.registrations import RegistrationViewSet

router_entries = [
    ("registrations", RegistrationViewSet, "registration"),
    ("messages", MessageViewSet, "message"),
]
