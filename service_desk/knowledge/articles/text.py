"""An article's Markdown as safe HTML and as plain words: no HTML of its own, no foreign picture, no link that runs.

Markdown is read with HTML switched off, and what comes out is cleaned again by an allow-list: two locks on one door.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from uuid import UUID

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

#: How a text names a picture of its article: ![what it shows](picture:<id>).
PICTURE = "picture:"
_PLACE = "/help/pictures/"
# fmt: off
_TAGS = frozenset({
    "p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "s", "code", "pre", "blockquote",
    "table", "thead", "tbody", "tr", "th", "td", "a", "img",
})
# fmt: on
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "loading"},
    "ol": {"start"},
    "td": {"class"},
    "th": {"class"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_TABLE = '<div class="table-wrap table-wrap--scroll"><table class="table">'
_ALIGNED = {"text-align:center": "num-centre", "text-align:right": "num"}


def _reader() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"])
    made.core.ruler.push("desk", _house_rules)
    return made


def _house_rules(state: Any) -> None:
    """Headings below the page's own, pictures of the desk alone, alignment as a class (no inline style)."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
        elif token.type in ("td_open", "th_open"):
            wanted = _ALIGNED.get(str(token.attrs.pop("style", "")))
            if wanted:
                token.attrs["class"] = wanted
        elif token.type == "inline":
            token.children = [_picture_or_words(child) for child in token.children or []]


def _picture_or_words(token: Token) -> Token:
    if token.type != "image":
        return token
    found = picture_id(str(token.attrs.get("src", "")))
    if found is None:  # of another house: it would tell that house who reads here
        return Token("text", "", 0, content=token.content)
    token.attrs = {"src": f"{_PLACE}{found}/", "alt": "", "loading": "lazy"}
    return token


def picture_id(source: str) -> UUID | None:
    """The picture that a text names, if it names one."""
    try:
        return UUID(source.removeprefix(PICTURE)) if source.startswith(PICTURE) else None
    except ValueError:
        return None


def in_text(name: str, picture: UUID) -> str:
    """The words that put a picture into a text; a bracket in its name would end them."""
    return f"![{re.sub(r'[][]', ' ', name)}]({PICTURE}{picture})"


def pictures_in(body: str) -> frozenset[UUID]:
    """The pictures that a text shows."""
    named = (picture_id(found) for found in re.findall(r"picture:[0-9a-fA-F-]{32,36}", body))
    return frozenset(each for each in named if each is not None)


_markdown = _reader()


@lru_cache(maxsize=256)
def as_html(body: str) -> SafeString:
    """The text as it is shown; what is unsafe is not in it, whoever wrote it."""
    made = nh3.clean(
        _markdown.render(body),
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_only_ours,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    made = made.replace("<table>", _TABLE).replace("</table>", "</table></div>")
    return mark_safe(made)  # noqa: S308 - cleaned above


def _only_ours(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src":
        return value if re.fullmatch(rf"{_PLACE}[0-9a-f-]{{36}}/", value) else None
    if name == "class":
        return value if value in _ALIGNED.values() else None
    return value


_FOR_WORDS = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"])


@lru_cache(maxsize=256)
def plain(body: str) -> str:
    """The words alone, a line a block: what is searched and what a snippet is cut from."""
    lines: list[str] = []
    for token in _FOR_WORDS.parse(body):
        if token.type == "inline":
            said = "".join(
                " " if child.type in ("softbreak", "hardbreak") else child.content for child in token.children or []
            )
            lines.append(said)
        elif token.type in ("fence", "code_block"):
            lines.append(token.content)
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())
