"""Addresses of the customer pages."""

from django.urls import path

from service_desk.customers import views

urlpatterns = [
    path("customers/", views.customer_list, name="customer-list"),
    path("customers/suggest/", views.suggest, name="customer-suggest"),
    path("customers/new/", views.customer_new, name="customer-new"),
    path("customers/<int:pk>/", views.customer_detail, name="customer-detail"),
    path("customers/numbers/<int:pk>/", views.number_reveal, name="number-reveal"),
]
