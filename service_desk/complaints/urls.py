"""Addresses of the complaints; one is shown on the page of its case, and these are its list, its verbs, its record."""

from django.urls import path

from service_desk.complaints.views import accepting, acting, listing, public, record, suggesting, suggestions

urlpatterns = [
    path("complaints/", listing.complaint_list, name="complaint-list"),
    path("complaints/new/", accepting.accept_page, name="complaint-new"),
    path("complaints/suggest/cases/", suggesting.cases, name="complaint-suggest-cases"),
    path("complaints/suggest/units/", suggesting.units, name="complaint-suggest-units"),
    path("complaints/suggest/products/", suggesting.products, name="complaint-suggest-products"),
    path("complaints/suggest/customers/", suggesting.customers, name="complaint-suggest-customers"),
    path("complaints/praise/", suggestions.praise_page, name="praise"),
    path("complaints/<case:number>/do/<verb:verb>/", acting.act, name="complaint-act"),
    path("complaints/<case:number>/record/", record.record, name="complaint-record"),
    path("complaints/<case:number>/record/full/", record.record_full, name="complaint-record-full"),
    path("complaints/<case:number>/record/pdf/", record.record_pdf, name="complaint-record-pdf"),
    path("complaints/<case:number>/reveal/", record.reveal_page, name="complaint-reveal"),
    path("suggestions/", suggestions.suggestion_list, name="suggestion-list"),
    path("suggestions/<bigint:pk>/", suggestions.suggestion, name="suggestion"),
    path("complain/", public.complain, name="complain"),
    path("complain/state/", public.complain_state, name="complain-state"),
]
