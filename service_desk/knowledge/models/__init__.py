"""Phrasebook and articles as data: entries and articles in versions, releases, what the check has found."""

from service_desk.knowledge.models.articles import (
    Article,
    ArticlePicture,
    ArticleVersion,
    ArticleVote,
    ArticleWords,
    SynonymList,
)
from service_desk.knowledge.models.articles_about import ArticleLine, ArticleProduct
from service_desk.knowledge.models.book import BookRelease, Phrase, PhraseVersion
from service_desk.knowledge.models.findings import LanguageFinding, PhraseUse
from service_desk.knowledge.models.scripts import ScriptLine
from service_desk.knowledge.models.transcripts import Transcript, TranscriptLine

__all__ = [
    "Article",
    "ArticleLine",
    "ArticlePicture",
    "ArticleProduct",
    "ArticleVersion",
    "ArticleVote",
    "ArticleWords",
    "BookRelease",
    "LanguageFinding",
    "Phrase",
    "PhraseUse",
    "PhraseVersion",
    "ScriptLine",
    "SynonymList",
    "Transcript",
    "TranscriptLine",
]
