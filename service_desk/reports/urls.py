"""Addresses of the reports."""

from django.urls import include, path

urlpatterns = [
    path("", include("service_desk.reports.urls_exports")),
    path("", include("service_desk.reports.urls_figures")),
]
