"""Addresses of the knowledge room."""

from typing import Any

from django.urls import path

from service_desk.knowledge.views import checking

urlpatterns: list[Any] = [
    path("phrasebook/check/", checking.check_typed, name="language-check"),
    path("phrasebook/offers/", checking.offer_phrases, name="phrase-offers"),
    path("phrasebook/used/", checking.phrase_used, name="phrase-used"),
    path("phrasebook/script/", checking.script_part, name="script-part"),
]
