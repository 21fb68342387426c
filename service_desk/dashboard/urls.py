"""Addresses of the frame itself: theme, language, the server's clock, the page of all components."""

from django.urls import include, path, re_path

from service_desk.dashboard import metrics, views
from service_desk.dashboard.board import team
from service_desk.dashboard.shift import views as shift

urlpatterns = [
    path("theme/", views.theme, name="theme"),
    path("now/", views.server_time, name="server-time"),
    path("design/", views.design, name="design"),
    path("", include("service_desk.dashboard.board.urls")),
    path("metrics", metrics.MetricsView.as_view(), name="metrics"),
    path("board/team/", team.team, name="board-team"),
    re_path(r"^board/team/(?P<pk>[0-9]{1,18})/pauses/$", team.pauses, name="board-pauses"),
    path("board/shift/", shift.sheets, name="shift-sheets"),
    re_path(r"^board/shift/(?P<pk>[0-9]{1,18})/$", shift.sheet_page, name="shift-sheet"),
    re_path(r"^board/shift/(?P<pk>[0-9]{1,18})/take/$", shift.sheet_take, name="shift-sheet-take"),
]
