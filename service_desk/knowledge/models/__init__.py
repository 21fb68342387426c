"""The phrasebook as data: entries in versions, releases, and what the check has found."""

from service_desk.knowledge.models.book import BookRelease, Phrase, PhraseVersion
from service_desk.knowledge.models.findings import LanguageFinding, PhraseUse

__all__ = ["BookRelease", "LanguageFinding", "Phrase", "PhraseUse", "PhraseVersion"]
