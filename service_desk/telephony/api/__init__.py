"""The phone door as addresses: what phone systems post, and what they and others read."""

from django.urls import path

from service_desk.telephony.api.calls import CallListView, CallView
from service_desk.telephony.api.delivering import CallEventsView, CallRecordsView, CheckpointView
from service_desk.telephony.api.extensions import ExtensionListView, ExtensionView

_DOORS = [
    ("call-events", CallEventsView, "call-events"),
    ("call-events/checkpoint", CheckpointView, "call-events-checkpoint"),
    ("call-records", CallRecordsView, "call-records"),
    ("calls", CallListView, "call-list"),
    ("calls/<str:ref>", CallView, "call-detail"),
    ("extensions", ExtensionListView, "extension-list"),
    ("extensions/<int:pk>", ExtensionView, "extension-detail"),
]

#: The contract writes no slash at the end; whoever sends one is answered all the same.
urlpatterns = [path(address, view.as_view(), name=f"api-{name}") for address, view, name in _DOORS]
urlpatterns += [path(f"{address}/", view.as_view(schema=None)) for address, view, _name in _DOORS]
urlpatterns += [
    path("call-events/from/<str:key>", CallEventsView.as_view(schema=None), name="api-call-events-from"),
    path("call-events/from/<str:key>/", CallEventsView.as_view(schema=None)),
]
