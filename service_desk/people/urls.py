"""Addresses of the roster and of finding people."""

from django.urls import path

from service_desk.people import account_views as account
from service_desk.people import second_step_views as second_step
from service_desk.people import views

urlpatterns = [
    path("roster/", views.roster, name="roster"),
    path("roster/plan/", views.plan, name="roster-plan"),
    path("roster/absences/", views.absent, name="roster-absence"),
    path("roster/absences/<int:pk>/end/", views.back_again, name="absence-end"),
    path("roster/shifts/<int:pk>/", views.shift, name="roster-shift"),
    path("account/", account.display, name="account"),
    path("account/absence/", account.absence, name="account-absence"),
    path("account/absence/<int:pk>/end/", account.absence_end, name="account-absence-end"),
    path("account/security/", account.security, name="account-security"),
    path("account/security/end/", account.login_end, name="account-login-end"),
    path("account/second-step/", second_step.set_up, name="second-step-set-up"),
    path("account/second-step/codes/", second_step.new_codes, name="second-step-codes"),
    path("account/second-step/off/", second_step.take_away, name="second-step-off"),
    path("account/prove/", second_step.once_more, name="prove"),
    path("login/second/", second_step.code, name="second-step"),
    path("account/rights/", account.rights, name="account-rights"),
    path("staff/suggest/", views.suggest, name="staff-suggest"),
    path("staff/<int:pk>/mobile/", views.reveal_mobile, name="staff-mobile"),
]
