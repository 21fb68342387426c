"""The site map: every page of every room, the REST interface and the doors that no room owns."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from service_desk.dashboard import engine, health

admin.site.site_header = admin.site.site_title = _("Service Desk")

#: Browsers ask here where a page names no icon: the administration, the REST description. Looked up at the request.
_icon = RedirectView.as_view(url=lazy(static, str)("icon.svg"))

urlpatterns = [
    path("login/", auth_views.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("favicon.ico", _icon, name="icon"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("livez", health.livez, name="livez"),
    path("engine/", engine.engine_page, name="engine"),
    path("engine/clock/", engine.confirm, name="engine-confirm-clock"),
    path("admin/", admin.site.urls),
    path("api/", include("service_desk.api")),
    path("", include("service_desk.rest.urls")),
    path("", include("service_desk.dashboard.urls")),
    path("", include("service_desk.cases.urls")),
    path("", include("service_desk.complaints.urls")),
    path("", include("service_desk.calls.urls")),
    path("", include("service_desk.knowledge.urls")),
    path("", include("service_desk.quality.urls")),
    path("", include("service_desk.reports.urls")),
    path("", include("service_desk.customers.urls")),
    path("", include("service_desk.deadlines.urls")),
    path("", include("service_desk.people.urls")),
    path("", include("service_desk.notices.urls")),
    path("", include("service_desk.telephony.urls")),
    path("", include("service_desk.webhooks.urls")),
]

handler400 = "service_desk.api.bad_request"
handler500 = "service_desk.api.server_error"
