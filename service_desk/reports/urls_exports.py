"""Addresses of exports and of scheduled reports."""

from django.urls import path

from service_desk.reports import views_exports as exports

urlpatterns = [
    path("exports/", exports.export_list, name="export-list"),
    path("exports/new/<slug:what>/", exports.export_new, name="export-new"),
    path("exports/<uuid:key>/download/", exports.export_download, name="export-download"),
    path("exports/<uuid:key>/cancel/", exports.export_cancel, name="export-cancel"),
    path("exports/<uuid:key>/delete/", exports.export_delete, name="export-delete"),
]
