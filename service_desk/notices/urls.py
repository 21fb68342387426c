"""The doors of the notices package, included at the root."""

from django.urls import path

from service_desk.notices import stream, views

urlpatterns = [
    path("events/stream/", stream.stream, name="event-stream"),
    path("events/poll/", stream.poll, name="event-poll"),
    path("notices/", views.notice_list, name="notice-list"),
    path("notices/bell/", views.bell, name="notice-bell"),
    path("notices/read/", views.read_all, name="notice-read-all"),
    path("notices/preferences/", views.preferences, name="notice-preferences"),
    path("notices/preferences/test/", views.address_test, name="notice-test"),
    path("notices/preferences/<int:pk>/remove/", views.address_remove, name="notice-address-remove"),
    path("notices/preferences/<int:pk>/secret/", views.address_rotate, name="notice-address-rotate"),
    path("notices/undelivered/", views.undelivered, name="notice-undelivered"),
    path("notices/undelivered/<int:pk>/redrive/", views.redrive_delivery, name="notice-redrive"),
    path("notices/mail/", views.mail_folder, name="mail-folder"),
    path("notices/mail/<slug:key>/", views.mail_message, name="mail-message"),
    path("notices/<uuid:key>/acknowledge/", views.acknowledge_notice, name="notice-acknowledge"),
    path("notices/<uuid:key>/read/", views.read_notice, name="notice-read"),
    path("n/<str:token>/", views.acknowledge_link, name="notice-acknowledge-link"),
]
