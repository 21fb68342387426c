"""Addresses of the frame itself: theme, language, the server's clock, the page of all components."""

from django.urls import include, path

from service_desk.dashboard import views

urlpatterns = [
    path("theme/", views.theme, name="theme"),
    path("now/", views.server_time, name="server-time"),
    path("design/", views.design, name="design"),
    path("", include("service_desk.dashboard.board.urls")),
]
