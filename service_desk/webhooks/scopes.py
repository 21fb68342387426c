"""What an API key may be allowed to do with webhooks."""

from django.utils.translation import gettext_lazy as _

from service_desk.rest.scopes import register

READ = register("webhooks:read", _("Read webhook endpoints and their deliveries"))
WRITE = register("webhooks:write", _("Set up webhook endpoints, and deliver again"))
