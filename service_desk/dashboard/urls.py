"""Addresses of the frame itself: theme, language, the server's clock, the page of all components."""

from django.urls import path
from django.views.i18n import set_language

from service_desk.dashboard import views

urlpatterns = [
    path("theme/", views.theme, name="theme"),
    path("i18n/setlang/", set_language, name="set_language"),
    path("now/", views.server_time, name="server-time"),
    path("design/", views.design, name="design"),
]
