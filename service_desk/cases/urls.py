"""Addresses of the desk: my desk, the cases, one case and what may be done to it."""

from django.urls import path, register_converter
from django.views.generic import RedirectView

from service_desk.cases.views import (
    acting,
    articles,
    bulk,
    desk,
    detail,
    drafts,
    explaining,
    export,
    files,
    held,
    listing,
    of_customer,
    presence,
    register_parts,
    registering,
    reports,
    request_types,
    revealing,
    saved_views,
    searching,
    stage_sums,
    templates,
    watching,
)


class CaseNumber:
    """CALL-20261121-0001; whatever else stands in an address is no case and never reaches the database."""

    regex = "[A-Z]{2,8}-[0-9]{8}-[0-9]{4,8}"

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str) -> str:
        """As it stands."""
        return value


class Verb:
    """The name of a move."""

    regex = "[a-z_]{2,12}"

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str) -> str:
        """As it stands."""
        return value


class Number:
    """A row's number that fits into a bigint."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """As a number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """In digits."""
        return str(value)


register_converter(CaseNumber, "case")
register_converter(Verb, "verb")
register_converter(Number, "bigint")

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="desk"), name="home"),
    path("desk/", desk.desk, name="desk"),
    path("desk/notices/<uuid:key>/acknowledge/", desk.acknowledge_notice, name="desk-acknowledge"),
    path("register/", registering.register_page, name="case-register"),
    path("register/acceptance/", register_parts.acceptance, name="register-acceptance"),
    path("register/products/", register_parts.suggest_products, name="product-suggest"),
    path("register/request/", register_parts.request_part, name="register-request"),
    path("register/callers/", register_parts.callers, name="register-callers"),
    path("register/similar/", register_parts.similar, name="register-similar"),
    path("register/draft/", drafts.keep_draft, name="register-draft"),
    path("register/draft/discard/", drafts.throw_away, name="register-discard"),
    path("register/customers/<bigint:pk>/", of_customer.customer_card, name="customer-card"),
    path("request-types/", request_types.request_types, name="request-type-list"),
    path("request-types/new/", request_types.request_type_edit, name="request-type-new"),
    path("request-types/<bigint:pk>/", request_types.request_type_edit, name="request-type-edit"),
    path("request-types/<bigint:pk>/retire/", request_types.request_type_retire, name="request-type-retire"),
    path("customers/<bigint:pk>/cases/", of_customer.customer_cases, name="customer-cases"),
    path("customers/<bigint:pk>/history/", of_customer.customer_history, name="customer-history"),
    path("account/held/", held.held, name="account-held"),
    path("cases/", listing.case_list, name="case-list"),
    path("cases/bulk/", bulk.bulk_page, name="case-bulk"),
    path("cases/bulk/<uuid:token>/", bulk.bulk_done, name="case-bulk-done"),
    path("cases/bulk/<uuid:token>/more/", bulk.bulk_more, name="case-bulk-more"),
    path("cases/bulk/<uuid:token>/undo/", bulk.bulk_undo, name="case-bulk-undo"),
    path("desk/hand-over/", bulk.shift_change, name="shift-change"),
    path("desk/accept-all/", bulk.accept_all, name="accept-all"),
    path("cases/export/", export.export_cases, name="case-export"),
    path("cases/views/", saved_views.all_views, name="case-views"),
    path("cases/views/new/", saved_views.new_view, name="case-view-new"),
    path("cases/views/first/", saved_views.first_view, name="case-view-first"),
    path("cases/views/<bigint:pk>/", saved_views.edit_view, name="case-view"),
    path("cases/views/<bigint:pk>/query/", saved_views.keep_query, name="case-view-query"),
    path("cases/views/<bigint:pk>/delete/", saved_views.delete, name="case-view-delete"),
    path("cases/views/<bigint:pk>/back/", saved_views.bring_back, name="case-view-back"),
    path("cases/suggest/staff/", listing.suggest_staff, name="case-suggest-staff"),
    path("cases/<case:number>/", detail.case_detail, name="case-detail"),
    path("cases/<case:number>/print/", detail.case_print, name="case-print"),
    path("cases/<case:number>/report/<slug:kind>/", reports.report_form, name="case-report"),
    path("cases/<case:number>/reports/<bigint:pk>/print/", reports.report_print, name="report-print"),
    path("cases/<case:number>/reports/<bigint:pk>/pdf/", reports.report_pdf, name="report-pdf"),
    path("search/", searching.search_everything, name="search"),
    path("cases/<case:number>/articles/", articles.case_articles, name="case-articles"),
    path("cases/<case:number>/files/", files.case_files, name="case-files"),
    path("cases/<case:number>/files/<bigint:pk>/", files.file_content, name="file-content"),
    path("cases/<case:number>/files/<bigint:pk>/small/", files.file_thumbnail, name="file-thumbnail"),
    path("cases/<case:number>/files/<bigint:pk>/withdraw/", files.file_take_back, name="file-take-back"),
    path("cases/<case:number>/do/<verb:verb>/", acting.act, name="case-act"),
    path("cases/<case:number>/clocks/<bigint:pk>/", explaining.clock_explain, name="clock-explain"),
    path("cases/<case:number>/numbers/", revealing.reveal_numbers, name="case-reveal"),
    path("cases/<case:number>/watch/", watching.watch, name="case-watch"),
    path("cases/<case:number>/people/", watching.suggest_people, name="case-people"),
    path("cases/<case:number>/templates/", templates.suggest_templates, name="case-templates"),
    path("cases/<case:number>/since/", presence.since, name="case-since"),
    path("events/cases/<case:number>/presence/", presence.here, name="case-presence"),
    path("minutes/", stage_sums.stage_sums, name="stage-sums"),
    path("minutes/cases/", stage_sums.stage_cases, name="stage-cases"),
    path("templates/", templates.template_list, name="note-template-list"),
    path("templates/new/", templates.template_new, name="note-template-new"),
    path("templates/<bigint:pk>/", templates.template_edit, name="note-template"),
    path("templates/<bigint:pk>/remove/", templates.template_remove, name="note-template-remove"),
]
