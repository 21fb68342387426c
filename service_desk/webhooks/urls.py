"""The pages of webhooks, included at the root."""

from django.urls import path, re_path

from service_desk.webhooks import views

urlpatterns = [
    path("webhooks/", views.endpoint_list, name="webhook-list"),
    path("webhooks/new/", views.endpoint_new, name="webhook-new"),
    re_path(r"^webhooks/(?P<pk>[0-9]{1,18})/$", views.endpoint_detail, name="webhook"),
    re_path(r"^webhooks/(?P<pk>[0-9]{1,18})/again/$", views.endpoint_again, name="webhook-again"),
    re_path(r"^webhooks/deliveries/(?P<pk>[0-9]{1,18})/again/$", views.post_again, name="webhook-post-again"),
    re_path(
        r"^webhooks/(?P<pk>[0-9]{1,18})/(?P<deed>rotate|retire|test|on|off|remove)/$",
        views.endpoint_do,
        name="webhook-do",
    ),
]
