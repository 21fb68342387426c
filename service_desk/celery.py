"""The Celery application: its queues, its schedule and its settings come from `settings.CELERY_*`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "service_desk.settings")

app = Celery("service_desk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
