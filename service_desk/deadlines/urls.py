"""Addresses of policies, working calendars, and the changes that are laid on running clocks."""

from django.urls import path

from service_desk.deadlines.views import calendars, policies, rollouts

urlpatterns = [
    path("policies/", policies.policy_list, name="policy-list"),
    path("policies/<int:pk>/", policies.policy_detail, name="policy-detail"),
    path("policies/<int:pk>/edit/", policies.policy_edit, name="policy-edit"),
    path("policies/<int:pk>/apply/", policies.policy_apply, name="policy-apply"),
    path("clock-changes/<int:pk>/", rollouts.rollout_detail, name="rollout-detail"),
    path("clock-changes/<int:pk>/confirm/", rollouts.rollout_confirm, name="rollout-confirm"),
    path("clock-changes/<int:pk>/again/", rollouts.rollout_again, name="rollout-again"),
    path("clock-changes/<int:pk>/drop/", rollouts.rollout_drop, name="rollout-drop"),
    path("calendars/", calendars.calendar_list, name="calendar-list"),
    path("calendars/<int:pk>/", calendars.calendar_detail, name="calendar-detail"),
    path("calendars/<int:pk>/day/", calendars.calendar_day, name="calendar-day"),
    path("calendars/<int:pk>/week/", calendars.calendar_week, name="calendar-week"),
    path("calendars/<int:pk>/import/", calendars.calendar_import, name="calendar-import"),
    path("calendars/<int:pk>/<int:year>.csv", calendars.calendar_export, name="calendar-export"),
]
