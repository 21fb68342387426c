"""The pages of the REST ground, included at the root."""

from django.urls import path

from service_desk.rest import views

urlpatterns = [
    path("api-keys/", views.key_list, name="api-key-list"),
    path("api-keys/<int:pk>/revoke/", views.key_revoke, name="api-key-revoke"),
]
