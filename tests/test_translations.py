"""The desk speaks the reader's language: complete catalogues, the glossary's terms, no English on Chinese pages."""

import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings
from django.test import Client
from django.utils import translation

from service_desk.cases import actions
from service_desk.cases.models import Case
from service_desk.dashboard.templatetags.desk import duration
from service_desk.deadlines.clock import now
from service_desk.local.catalogues import LANGUAGES, read
from service_desk.people.models import Staff
from tests.factories import World, world

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}")
SENTENCE = re.compile(r"[A-Za-z]{2,}[ ,]+[a-z]{2,}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: Names and codes that stay as they are in every language.
NAMES = {"Celery", "Message-ID", "Webhook", "Bearer", "FreeSWITCH（mod_json_cdr）", "SHA-256"}
#: Strings that consist of placeholders and punctuation alone.
BARE = re.compile(r"^[\W\d_]*$")
#: Words of Latin letters that may stand on a Chinese page: names, codes, keys of the keyboard.
LATIN = re.compile(
    r"CALL|REST|API|CSV|PDF|Excel|Word|xlsx|UTF-8|GB18030|CTI|Zammad|FreeSWITCH|mod_json_cdr|Asterisk|SHA-256|"
    r"E\.164|English|Celery|Webhook|OpenAPI|Ctrl|Enter|Esc|EMAIL_HOST|JSON|\b\d+ ms|\d\sMB|"
    r"Markdown|https?://|/metrics|speaker|ticket\.|\btext\b|\([a-z]+\.[a-z_]+\)|"
    r"[a-z]+:(?:read|write|ack|check)|\bIP 地址"
)
GLOSSARY_ROW = re.compile(r"^\| (?P<english>[A-Za-z][^|]*?) \| (?P<chinese>[^|]+?) \| [^|]+ \|[^|]*\|$", re.MULTILINE)
#: Where the glossary's word stands in another sense, or the sentence says it without the noun.
OTHER_SENSE: dict[str, set[str]] = {
    "clock": {
        "Empty: elapsed time, round the clock.",
        "elapsed time, round the clock",
        "The database's clock has not jumped",
        "Type the one that the app shows now. If the telephone's clock is wrong, let it set itself.",
    },
    "finding": {  # of a complaint: what was decided
        "Finding",
        "Complaints registered in the period whose circle you are in; others are not counted (P6). The finding is that "
        "of the last instance that has decided; measured is the time from acceptance to that decision. The instance is "
        "where the complaint stands now. The person is who holds it. A complaint has a level instead of a severity.",
    },
    "handler": {
        "each slot is a short name of a-z, 0-9 and _, such as handler",
        'write a list of 1 to %(most)s slots, such as ["handler"]',
    },
    "outcome": {"outcome"},  # of an audited action: done or refused
}


def catalogue(language: str) -> Catalog:
    """The committed catalogue of a language."""
    return read(settings.BASE_DIR / "locale" / language / "LC_MESSAGES" / "django.po")


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    """The Chinese catalogue."""
    return catalogue("zh_Hans")


def messages(of: Catalog) -> list[Message]:
    """All but the header."""
    return [message for message in of if message.id]


def sources(message: Message) -> list[str]:
    """The English of a message: singular, and plural if there is one."""
    return [message.id] if isinstance(message.id, str) else list(message.id)


def strings(message: Message) -> list[str]:
    """The translations of a message."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def pairs(of: Catalog) -> list[tuple[str, str]]:
    """Each translation with its English; a language of one form translates the plural."""
    found = []
    for message in messages(of):
        english, words = sources(message), strings(message)
        found += list(zip(english if len(words) == len(english) else english[-1:], words, strict=True))
    return found


def test_both_catalogues_hold_the_same_strings() -> None:
    held = [{(message.context, str(message.id)) for message in messages(catalogue(language))} for language in LANGUAGES]
    assert held[0] == held[1]
    assert len(held[0]) > 1000


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_is_translated_and_none_is_a_guess(language: str) -> None:
    bad = [message.id for message in messages(catalogue(language)) if message.fuzzy or not all(strings(message))]
    assert bad == []


def test_English_says_what_the_source_says() -> None:
    assert [(one, other) for one, other in pairs(catalogue("en")) if one != other] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_and_line_ends_are_those_of_the_source(language: str) -> None:
    wrong = [
        (english, words)
        for english, words in pairs(catalogue(language))
        if sorted(PLACEHOLDER.findall(english)) != sorted(PLACEHOLDER.findall(words))
        or english.count("\n") != words.count("\n")
        or (english != ", " and (words != words.strip()) != (english != english.strip()))
    ]
    assert wrong == []


def test_nothing_is_left_in_English(chinese: Catalog) -> None:
    left = [
        words
        for _english, words in pairs(chinese)
        if not CHINESE.search(words) and words not in NAMES and not BARE.match(PLACEHOLDER.sub("", words))
    ]
    assert left == []


def test_no_English_sentence_stands_inside_a_translation(chinese: Catalog) -> None:
    left = [words for _english, words in pairs(chinese) if SENTENCE.search(PLACEHOLDER.sub("", words))]
    meant = re.compile(
        "Authorization: Bearer|date,is_working,name|manage.py relay_asterisk|manage.py verify_audit|eventType=case"
    )
    assert [words for words in left if not meant.search(words)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_shouted_at(language: str) -> None:
    assert [words for _english, words in pairs(catalogue(language)) if "!" in words or "！" in words] == []


def test_punctuation_between_Chinese_is_full_width(chinese: Catalog) -> None:
    half = re.compile(r"[\u4e00-\u9fff][,;:?()]|[,;?()][\u4e00-\u9fff]")
    csv = {words for _english, words in pairs(chinese) if "2027-02-06,0," in words or "日期,是否上班,名称" in words}
    assert [words for _english, words in pairs(chinese) if half.search(words) and words not in csv] == []


def test_terms_are_those_of_the_glossary(chinese: Catalog) -> None:
    always = (settings.BASE_DIR / "docs" / "glossary.md").read_text().split("\n## ")[1]
    terms = [(row["english"], row["chinese"]) for row in GLOSSARY_ROW.finditer(always)][1:]
    assert len(terms) > 40
    wrong = [
        (term, expected, english, words)
        for term, expected in terms
        for english, words in pairs(chinese)
        if re.search(rf"\b{re.escape(term)}s?\b", PLACEHOLDER.sub("", english), re.IGNORECASE)
        and expected not in words
        and english not in OTHER_SENSE.get(term, set())
    ]
    assert wrong == []


def test_strings_are_marked_by_names_that_the_extraction_knows() -> None:
    alias = re.compile(r"import \w*gettext\w* as (?!_$)\w+", re.MULTILINE)
    hidden = [
        str(path) for path in (settings.BASE_DIR / "service_desk").rglob("*.py") if alias.search(path.read_text())
    ]
    assert hidden == []


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "3 小时 20 分"), ("en", "3 h 20 min")])
def test_durations_are_said_in_words(language: str, words: str) -> None:
    with translation.override(language):
        assert duration(3 * 3600 + 20 * 60) == words


class Visible(HTMLParser):
    """What a person sees or is read: text, and the attributes that are shown."""

    SHOWN = ("title", "placeholder", "aria-label", "alt", "data-label")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the shown attributes; code and keys are not read."""
        self.hidden += tag in ("script", "style", "kbd", "code")
        self.found += [value for name, value in attrs if name in self.SHOWN and value]

    def handle_endtag(self, tag: str) -> None:
        """Leave code and keys."""
        self.hidden -= tag in ("script", "style", "kbd", "code")

    def handle_data(self, data: str) -> None:
        """Note the text."""
        if not self.hidden:
            self.found.append(data)


def english_words(page: str) -> list[str]:
    """The words of Latin letters on a page that no list allows."""
    visible = Visible()
    visible.feed(page)
    return [text.strip() for text in visible.found if re.search(r"(?<![\w.])[A-Za-z]{2,}", LATIN.sub("", text))]


def test_English_is_noticed_wherever_it_is_seen_or_read_out() -> None:
    page = '<p title="Grade it">CALL-1 定级</p><code>key</code><b>to do</b><script>const code = 1</script>'
    assert english_words(page) == ["Grade it", "to do"]


@pytest.fixture
def company(db: None) -> World:
    """A company with a case of each sort on its desk: a major fault, one that waits, one not graded."""
    built = world()
    for number, person in enumerate(built.people.values()):
        person.username, person.full_name = f"u{number}", f"员工 {number}"  # no word of Latin letters
        person.save()
    built.register(severity="critical", description="两处站点中断", accepted_at=now() - timedelta(hours=30))
    waiting = built.register(severity="minor", caller_name="王芳", caller_phone="0755-26772892")
    actions.start(case=waiting, actor=built.agent)
    actions.wait(case=waiting, actor=built.agent, waiting_for="customer", text="等客户开门")
    built.register()
    return built


def reader(person: Staff | None) -> Client:
    """A browser that speaks Chinese."""
    client = Client(HTTP_ACCEPT_LANGUAGE="zh-CN")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    if person is not None:
        client.force_login(person)
    return client


def links(page: str) -> set[str]:
    """Where a page leads to within the desk."""
    return {unescape(link).split("#")[0] for link in re.findall(r'(?:href|hx-get)="(/[^"]*)"', page)}


def crawl(client: Client, seeds: list[str]) -> dict[str, str]:
    """The pages of the seeds and all that they lead to, one of each kind."""
    todo, kinds, found = list(seeds), set(), {}
    while todo:
        address = todo.pop(0)
        answer = client.get(address)
        if answer.status_code in (301, 302) or not answer.headers["Content-Type"].startswith("text/html"):
            continue
        found[address] = answer.content.decode()
        for link in sorted(links(found[address])):
            kind = re.sub(r"\d[\w-]*", "0", link.split("?")[0])
            if kind not in kinds and not link.startswith(("/static/", "/logout/", "/admin/", "/api/")):
                kinds.add(kind)
                todo.append(link)
    return found


def remains(pages: dict[str, str]) -> dict[str, list[str]]:
    """The English of each page that has some."""
    return {address: words for address, page in pages.items() if (words := english_words(page))}


SEEDS = ["/desk/", "/register/", "/cases/", "/customers/new/", "/roster/", "/engine/", "/notices/", "/nothing-here/"]


@pytest.mark.parametrize("who", ["chief", "agent", "admin"])
def test_a_Chinese_page_holds_no_English(company: World, who: str) -> None:
    cases = [case.get_absolute_url() for case in Case.objects.all()]
    pages = crawl(reader(company.people[who]), SEEDS + cases)
    assert len(pages) > 15
    assert remains(pages) == {}


def test_the_log_in_page_is_Chinese(db: None) -> None:
    client = reader(None)
    answers = [client.get("/login/"), client.post("/login/", {"username": "nobody", "password": "wrong"})]
    assert remains({str(number): answer.content.decode() for number, answer in enumerate(answers)}) == {}


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("agent", "/register/"),
        ("agent", "/customers/new/"),
        ("chief", "/roster/plan/"),
        ("chief", "/roster/absences/"),
        ("agent", "/notices/preferences/"),
        ("admin", "/api-keys/"),
    ],
)
def test_what_is_wrong_with_a_form_is_said_in_Chinese(company: World, who: str, address: str) -> None:
    answer = reader(company.people[who]).post(address, {"accepted_at": "x", "starts_at": "x", "new_phone": "x"})
    assert remains({address: answer.content.decode()}) == {}
