"""Addresses of exports and of scheduled reports."""

from django.urls import path, re_path

from service_desk.reports import views_approvals as approvals
from service_desk.reports import views_exports as exports
from service_desk.reports import views_schedules as schedules

urlpatterns = [
    path("exports/", exports.export_list, name="export-list"),
    path("exports/new/<slug:what>/", exports.export_new, name="export-new"),
    path("exports/<uuid:key>/download/", exports.export_download, name="export-download"),
    path("exports/<uuid:key>/approval/", approvals.approval_ask, name="approval-ask"),
    path("exports/approvals/", approvals.approval_list, name="approval-list"),
    path("exports/approvals/<int:pk>/", approvals.approval_give, name="approval-give"),
    path("exports/<uuid:key>/cancel/", exports.export_cancel, name="export-cancel"),
    path("exports/<uuid:key>/delete/", exports.export_delete, name="export-delete"),
    re_path(r"^exports/report/(?P<slug>[a-z-]{1,40})\.(?P<kind>xlsx|csv)$", schedules.report_file, name="report-file"),
    path("exports/schedules/", schedules.schedule_list, name="schedule-list"),
    path("exports/schedules/new/<slug:slug>/", schedules.schedule_new, name="schedule-new"),
    path("exports/schedules/<int:pk>/change/", schedules.schedule_change, name="schedule-change"),
    path("exports/schedules/<int:pk>/pause/", schedules.schedule_pause, name="schedule-pause"),
    path("exports/schedules/<int:pk>/resume/", schedules.schedule_resume, name="schedule-resume"),
    path("exports/schedules/<int:pk>/delete/", schedules.schedule_delete, name="schedule-delete"),
    path("exports/schedules/<int:pk>/send/", schedules.schedule_send, name="schedule-send"),
]
