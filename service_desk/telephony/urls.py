"""The pages of telephony, included at the root."""

from django.urls import path, re_path

from service_desk.telephony import views

urlpatterns = [
    path("phone-systems/", views.integration_list, name="phone-system-list"),
    path("phone-systems/new/", views.integration_new, name="phone-system-new"),
    path("phone-systems/<int:pk>/", views.integration_detail, name="phone-system"),
    path("phone-systems/<int:pk>/extensions/", views.extension_add, name="phone-extension-add"),
    path("phone-systems/extensions/<int:pk>/end/", views.extension_end, name="phone-extension-end"),
    re_path(
        r"^phone-systems/(?P<pk>[0-9]{1,18})/(?P<deed>rotate|retire|test|on|off)/$",
        views.integration_do,
        name="phone-system-do",
    ),
]
