"""Addresses of the board."""

from django.urls import path

from service_desk.dashboard.board import deputy, views

urlpatterns = [
    path("board/", views.board_now, name="board"),
    path("board/wall/", views.wall, name="board-wall"),
    path("board/acknowledge/", views.answer_all, name="board-answer"),
    path("board/deputy/<str:number>/", deputy.deputy, name="board-deputy"),
    path("board/list/<slug:key>/", views.board_list, name="board-list"),
]
