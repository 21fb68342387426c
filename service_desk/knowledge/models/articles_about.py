"""What an article in force is about, as rows that the search asks: written by the database when a version is published.

A draft says what it is about in its own version; nothing of that is seen before somebody else has published it (K6).
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from service_desk.people.models import ProductType, ServiceLine


def _kept_by_publishing(name: str, table: str) -> pgtrigger.Trigger:
    """What an article is about is never written by itself: it follows the version in force, by a trigger."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=f"""
        IF pg_trigger_depth() < 2 THEN
            RAISE EXCEPTION 'K6: what an article is about changes when another version is published'
            USING ERRCODE = 'check_violation', CONSTRAINT = '{name}', TABLE = '{table}';
        END IF;
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        RETURN NEW;
        """,
    )


class ArticleLine(models.Model):
    """A service line that the version in force is about."""

    article = models.ForeignKey("knowledge.Article", on_delete=models.PROTECT, related_name="+")
    serviceline = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "knowledge_article_lines"
        verbose_name = _("Service line of an article")
        verbose_name_plural = _("Service lines of articles")
        unique_together = (("article", "serviceline"),)
        triggers = [_kept_by_publishing("article_line_of_version", "knowledge_article_lines")]

    def __str__(self) -> str:
        return f"{self.article_id}: {self.serviceline_id}"


class ArticleProduct(models.Model):
    """A product type that the version in force is about."""

    article = models.ForeignKey("knowledge.Article", on_delete=models.PROTECT, related_name="+")
    producttype = models.ForeignKey(ProductType, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "knowledge_article_products"
        verbose_name = _("Product type of an article")
        verbose_name_plural = _("Product types of articles")
        unique_together = (("article", "producttype"),)
        triggers = [_kept_by_publishing("article_product_of_version", "knowledge_article_products")]

    def __str__(self) -> str:
        return f"{self.article_id}: {self.producttype_id}"
