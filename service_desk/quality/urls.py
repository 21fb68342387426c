"""Addresses of quality."""

from django.urls import path

from service_desk.quality import views

urlpatterns = [
    path("quality/violations/", views.violation_list, name="violation-list"),
    path("quality/violations/new/", views.violation_report, name="violation-report"),
    path("quality/violations/<bigint:pk>/", views.violation_detail, name="violation-detail"),
    path("quality/violations/<bigint:pk>/<slug:deed>/", views.violation_do, name="violation-do"),
    path("quality/ledger/", views.ledger, name="ledger"),
    path("quality/praise/", views.praise, name="praise"),
]
