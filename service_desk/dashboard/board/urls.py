"""Addresses of the board."""

from django.urls import path

from service_desk.dashboard.board import views

urlpatterns = [
    path("board/", views.board_now, name="board"),
    path("board/wall/", views.wall, name="board-wall"),
    path("board/acknowledge/", views.answer_all, name="board-answer"),
    path("board/list/<slug:key>/", views.board_list, name="board-list"),
]
