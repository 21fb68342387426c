"""Addresses of the customer pages."""

from django.urls import path

from service_desk.customers import privacy_views, views

urlpatterns = [
    path("customers/", views.customer_list, name="customer-list"),
    path("customers/suggest/", views.suggest, name="customer-suggest"),
    path("customers/new/", views.customer_new, name="customer-new"),
    path("customers/privacy/", privacy_views.request_list, name="privacy-list"),
    path("customers/privacy/<int:pk>/", privacy_views.request_detail, name="privacy-request"),
    path("customers/privacy/<int:pk>/copy/", privacy_views.request_copy, name="privacy-copy"),
    path("customers/<int:pk>/privacy/", privacy_views.of_customer, name="customer-privacy"),
    path("customers/<int:pk>/hold/", privacy_views.hold, name="customer-hold"),
    path("customers/<int:pk>/", views.customer_detail, name="customer-detail"),
    path("customers/numbers/<int:pk>/", views.number_reveal, name="number-reveal"),
]
