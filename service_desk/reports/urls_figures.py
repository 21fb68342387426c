"""Addresses of the figures."""

from django.urls import path, re_path

from service_desk.reports import views

_SLUG = "(?P<slug>[a-z-]{1,40})"

urlpatterns = [
    path("reports/", views.overview, name="report-list"),
    path("reports/heat/", views.heat_page, name="report-heat"),
    path("reports/ahead/", views.ahead_page, name="report-ahead"),
    re_path(f"^reports/{_SLUG}/$", views.report_page, name="report"),
    re_path(f"^reports/{_SLUG}/card/$", views.card, name="report-card"),
    re_path(f"^reports/{_SLUG}/facts/$", views.facts, name="report-facts"),
]
