"""Addresses of the board."""

from django.urls import path

from service_desk.dashboard.board import deputy, stream, views

urlpatterns = [
    path("board/", views.board_now, name="board"),
    path("events/stream/board/", stream.stream, name="board-stream"),  # the prefix of streams (service_desk.asgi)
    path("board/wall/", views.wall, name="board-wall"),
    path("board/acknowledge/", views.answer_all, name="board-answer"),
    path("board/deputy/<str:number>/", deputy.deputy, name="board-deputy"),
    path("board/list/<slug:key>/", views.board_list, name="board-list"),
]
