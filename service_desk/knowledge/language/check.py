"""The check itself: `check(release, text, direction, speaker)` answers what a text says that it must not say (K3).

Order of the exceptions: speaker, allowed longer word, edge inside a word, quotation or report or rule, and what the
entry itself names. Each that applies is kept with its name, so that an editor sees why nothing was shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from service_desk.knowledge.language.around import names_a_place, parts_in_two, tokens
from service_desk.knowledge.language.compiled import Compiled
from service_desk.knowledge.language.folding import Folded, fold
from service_desk.knowledge.language.lines import Roles
from service_desk.knowledge.language.matching import Candidate, candidates
from service_desk.knowledge.language.needs import Needs
from service_desk.knowledge.language.release import Entry
from service_desk.knowledge.rules import Category, Direction, How, Speaker, Weight, weight

LONGEST = 20_000  # characters that are read in one piece; a longer text is read in several
_MOST_JUDGED = 400  # candidates of a piece: a text of nothing but banned phrases takes seconds, not hours
_PIECE_END = re.compile(r"[\n\r。！？]")
_NEAR = 8  # characters on either side in which an entry's own words count
#: What may surround a banned word without making another one of it: 死瞎子, 傻子们.
_STILL_BANNED_AROUND = frozenset("老死臭大小破真太很又个这那你您的得们儿吗了熊烂穷坏糟")
_PAUSE = re.compile(r"[，,、；;：:。！？!?\n\r]")
_OF_THE_SENTENCE = frozenset({"rule", "quotation", "report"})
_OPENING = re.compile(r"[“「『]")
_MOODS = frozenset("呀啊吧呢哦哟嘛吗啦哈诶噢喔呗了")
_ORDER = {How.EXACT: 0, How.VARIANT: 1, How.SPLIT: 2, How.PINYIN: 3, How.HOMOPHONE: 4}


@dataclass(frozen=True, slots=True)
class Finding:
    """What must not be said: where (code points of the original), which entry and form, and what to say instead."""

    start: int
    end: int
    entry: str
    form: str
    phrase: str  # as it stands in the text
    category: str
    group: str
    severity: str
    how: str
    suggestions: tuple[str, ...]
    release: int


@dataclass(frozen=True, slots=True)
class Excused:
    """A phrase that was recognised and not reported, and why."""

    start: int
    end: int
    entry: str
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The findings of a text in the order of their places, and what was excused."""

    release: int
    findings: tuple[Finding, ...] = ()
    excused: tuple[Excused, ...] = field(default=())


@dataclass(slots=True)
class _Hit:
    candidate: Candidate
    start: int
    end: int


def check(release: Compiled, text: str, direction: str, speaker: str = Speaker.AGENT) -> Answer:
    """Hold a text of any length against a release."""
    if len(text) <= LONGEST:
        return _check_piece(release, text, direction, speaker)
    findings: list[Finding] = []
    excused: list[Excused] = []
    for start, end in pieces(text):
        answer = _check_piece(release, text[start:end], direction, speaker)
        findings += [replace(f, start=f.start + start, end=f.end + start) for f in answer.findings]
        excused += [replace(e, start=e.start + start, end=e.end + start) for e in answer.excused]
    return Answer(release.release.number, tuple(findings), tuple(excused))


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Cut a long text behind lines or sentences where it has any."""
    start = 0
    while len(text) - start > LONGEST:
        ends = [m.end() for m in _PIECE_END.finditer(text, start + LONGEST // 2, start + LONGEST)]
        lines = [end for end in ends if text[end - 1] == "\n"]
        end = (lines or ends or [start + LONGEST])[-1]
        yield start, end
        start = end
    yield start, len(text)


def _check_piece(release: Compiled, text: str, direction: str, speaker: str) -> Answer:
    folded = fold(text)
    found = [_Hit(c, *folded.span(c.first, c.last)) for c in candidates(release, folded)]
    if not found:
        return Answer(release.release.number)
    judge = _Judge(release, folded, direction, speaker)
    kept, excused = _chosen(found, judge)
    findings = tuple(judge.finding(text, group) for group in _merged(kept, folded))
    return Answer(release.release.number, findings, tuple(excused))


def _chosen(hits: list[_Hit], judge: _Judge) -> tuple[list[_Hit], list[Excused]]:
    """Longest first where hits overlap, of equal ones the surest; one that is excused makes room for a shorter one."""
    chosen: list[_Hit] = []
    excused: dict[tuple[int, int, str], Excused] = {}
    taken: set[int] = set()
    judged = 0
    for hit in sorted(hits, key=_rank):
        places = range(hit.candidate.first, hit.candidate.last + 1)
        if not taken.isdisjoint(places):
            continue
        judged += 1
        if judged > _MOST_JUDGED:
            break
        reason = _shared(hit, excused) or judge.excuse(hit)
        if reason:
            code = judge.release.entries[hit.candidate.form.entry].code
            excused[hit.start, hit.end, code] = Excused(hit.start, hit.end, code, reason)
            continue
        taken.update(places)
        chosen.append(hit)
    return sorted(chosen, key=lambda h: h.start), list(excused.values())


def _shared(hit: _Hit, excused: dict[tuple[int, int, str], Excused]) -> str:
    """Why the longer phrase around it was not reported, where that is said of the sentence and not of the phrase."""
    around = (e for (start, end, _code), e in excused.items() if start <= hit.start and hit.end <= end)
    return next((e.reason for e in around if e.reason in _OF_THE_SENTENCE), "")


def _rank(hit: _Hit) -> tuple[int, int, int]:
    return hit.start - hit.end, _ORDER[hit.candidate.how], hit.start


def _merged(hits: list[_Hit], folded: Folded) -> list[list[_Hit]]:
    """Hits of one entry with nothing but punctuation between are one finding."""
    groups: list[list[_Hit]] = []
    for hit in hits:
        last = groups[-1][-1] if groups else None
        touching = (
            last is not None
            and last.candidate.form.entry == hit.candidate.form.entry
            and hit.candidate.first == last.candidate.last + 1
            and "\n" not in folded.plain[last.end : hit.start]
            and hit.start - last.end <= 6
        )
        if touching:
            groups[-1].append(hit)
        else:
            groups.append([hit])
    return groups


class _Judge:
    """Decides which hits count, for one text."""

    def __init__(self, release: Compiled, folded: Folded, direction: str, speaker: str) -> None:
        self.release, self.folded, self.direction = release, folded, direction
        self.roles = Roles(folded.plain, speaker, dialogue=direction == Direction.TRANSCRIPT)
        self._allowed: dict[int, list[tuple[int, int]]] | None = None

    def excuse(self, hit: _Hit) -> str:
        """The name of the exception that applies, or nothing."""
        entry = self.release.entries[hit.candidate.form.entry]
        if self.roles.at(hit.start) == Speaker.CUSTOMER:
            return "speaker"
        if self._is_allowed(hit):
            return "allow_form"
        if self._is_inside_a_word(hit):
            return "word_boundary"
        if entry.category == Category.DISRESPECTFUL and names_a_place(self.folded.plain, hit.end):
            return "place_name"
        opened = _OPENING.search(self.folded.plain, hit.start, hit.end)  # 您“吃饱了撑的”: what is quoted counts
        start = opened.end() if opened else hit.start
        around = Needs(self.folded.plain, start, hit.end, self.roles.body(hit.start))
        return self._excused_by_sentence(around, entry) or self._excused_by_entry(hit, entry, around)

    def _excused_by_sentence(self, around: Needs, entry: Entry) -> str:
        to_customer = self.direction == Direction.TO_CUSTOMER
        epithet = entry.category == Category.DISRESPECTFUL
        if around.is_rule() or (epithet and around.is_denied(to_customer=to_customer)):
            return "rule"
        if around.excused_as_quotation(to_customer=to_customer, epithet=epithet):
            return "quotation"
        if around.is_report(to_customer=to_customer, epithet=epithet) or (to_customer and around.sorry_for_staff()):
            return "report"
        return ""

    def _excused_by_entry(self, hit: _Hit, entry: Entry, around: Needs) -> str:
        if around.is_my_answer():
            return ""
        words = self.release.words[hit.candidate.form.entry]
        before = self.folded.plain[max(around.sentence_start, hit.start - _NEAR) : hit.start]
        after = self.folded.plain[hit.end : min(around.sentence_end, hit.end + _NEAR)]
        if words.before and words.before.search(before):
            return "context_before"
        if words.after and words.after.search(after):
            return "context_after"
        if words.near and words.near.search(around.before + "\n" + around.after):
            return "context_near"
        return "" if self._has_need(hit, entry, around) else f"needs_{entry.need}"

    def _has_need(self, hit: _Hit, entry: Entry, around: Needs) -> bool:
        if entry.need == "question" and hit.candidate.form.letters.endswith(("吗", "不")):
            return True
        needs: dict[str, Callable[[], bool]] = {
            "person": around.is_person,
            "address": around.is_address,
            "answer": partial(around.is_answer, internal=self.direction == Direction.INTERNAL_NOTE),
            "demand": around.is_demand,
            "question": around.is_question,
            "refusal": partial(around.is_refusal, internal=self.direction != Direction.TO_CUSTOMER),
        }
        return needs[entry.need]() if entry.need in needs else True

    def _is_allowed(self, hit: _Hit) -> bool:
        """A longer allowed word of the entry covers the hit."""
        if self._allowed is None:
            self._allowed = {}
            for start, end, entries in self.release.allowed.find(self.folded.letters):
                for entry in entries:
                    self._allowed.setdefault(entry, []).append((start, end - 1))
        first, last = hit.candidate.first, hit.candidate.last
        fuzzy = hit.candidate.how in (How.HOMOPHONE, How.PINYIN)
        return any(
            low <= first
            and last <= high
            and (high - low > last - first or fuzzy)
            and not _PAUSE.search(self._outside(low, first) + self._outside(last, high))
            for low, high in self._allowed.get(hit.candidate.form.entry, ())
        )

    def _outside(self, low: int, high: int) -> str:
        """The text between two letters: where it pauses, no word goes on (身高，矮得…)."""
        return self.folded.plain[self.folded.places[low] : self.folded.places[high]]

    def _is_inside_a_word(self, hit: _Hit) -> bool:
        """An edge of the hit lies within a word of the tokeniser, unless that word is still banned."""
        fuzzy = hit.candidate.how in (How.HOMOPHONE, How.PINYIN)
        inner = range(hit.candidate.first, hit.candidate.last)
        if inner and not fuzzy and all(map(self.folded.gap_size, inner)):
            # Something was put between all letters: nobody writes a longer word so; but 姓麻，子公司 goes on.
            return len(inner) == 1 and bool(_PAUSE.search(self.folded.gap(inner[0]))) and self._goes_on(hit)
        if hit.candidate.how == How.SPLIT:
            return False  # the tokeniser does not know what the parts make together
        still = self.release.still[hit.candidate.form.entry]
        for low, high in tokens(self.folded.plain, hit.start, hit.end):
            if high <= hit.start or low >= hit.end or (low >= hit.start and high <= hit.end):
                continue
            word = self.folded.plain[low:high]
            if low >= hit.start and set(self.folded.plain[hit.end : high]) <= _MOODS:
                continue
            rest = word[: max(0, hit.start - low)] + (word[hit.end - low :] if high > hit.end else "")
            if word in still or (low <= hit.start and hit.end <= high and set(rest) <= _STILL_BANNED_AROUND):
                continue
            return True
        return (
            hit.end - hit.start in (2, 3)
            and not fuzzy
            and hit.candidate.last - hit.candidate.first == hit.end - hit.start - 1
            and parts_in_two(self.folded.plain, hit.start, hit.end)
        )

    def _goes_on(self, hit: _Hit) -> bool:
        """Whether a word begins with the last letter of the hit."""
        place = self.folded.places[hit.candidate.last]
        return any(low == place and high > hit.end for low, high in tokens(self.folded.plain, place, hit.end))

    def finding(self, text: str, hits: list[_Hit]) -> Finding:
        """One finding of one or several touching hits."""
        start, end = hits[0].start, max(hit.end for hit in hits)
        main = max(hits, key=lambda hit: hit.end - hit.start)
        entry = self.release.entries[main.candidate.form.entry]
        how = max((self._how(text, hit) for hit in hits), key=_ORDER.__getitem__)
        severity: Weight = weight(
            category=entry.category,
            direction=self.direction,
            speaker=self.roles.at(start),
            override=entry.severity,
            how=how,
            letters=len(main.candidate.form.letters),
        )
        return Finding(
            start, end, entry.code, main.candidate.form.text, text[start:end], entry.category, entry.group,
            severity.value, how.value, entry.suggestions, self.release.release.number,
        )  # fmt: skip

    def _how(self, text: str, hit: _Hit) -> How:
        if hit.candidate.how == How.EXACT:
            main = self.release.entries[hit.candidate.form.entry].text
            written = text[hit.start : hit.end]
            return How.EXACT if written in main or written == hit.candidate.form.text else How.VARIANT
        return hit.candidate.how
