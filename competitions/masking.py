"""Names in texts: found in whichever form they stand, and masked.

Two words are the same name when they sound alike: both are written in Latin letters, the ways of transliterating are
made one ("Юлия", "Yuliya", "Julia" are all "ula"), and what remains after the stem may only be an ending. So one rule
finds a name in Cyrillic and in Latin, declined or not. It rather masks a word too many than a name too few.

The texts are anybody's, so that every search here takes time in proportion to their length: patterns begin at a sign
that is rare (an @, a slash), look back a bounded way, and repeat a bounded number of times or without trying again.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from html import unescape
from itertools import pairwise

from anyascii import anyascii

ALIKE = (
    ("shch", "sh"), ("sch", "sh"), ("zh", "z"), ("kh", "h"), ("ts", "c"), ("tz", "c"), ("ck", "k"), ("ph", "f"),
    ("w", "v"), ("x", "ks"), ("j", "i"), ("y", "i"),
)  # fmt: skip
CARONS = str.maketrans({"ё": "е", "š": "sh", "č": "ch", "ž": "zh", "ş": "sh", "ç": "ch"})
OTHER_SPELLINGS = (str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"}), str.maketrans({"ё": "о"}))  # Mueller, Gorbachov
SOFT = (("iu", "u"), ("ia", "a"), ("io", "e"), ("ie", "e"))
ENDING = re.compile(r"[aeiou]{0,3}(m|mi|h|go|mu|s)?")
VOWELS = "aeiou"
UNSEEN = re.compile("[\u00ad\u034f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff*~`\\\\]")  # between letters, not shown
PIECE = re.compile(  # letters that stand for themselves, a letter written as HTML does, any other
    r"([ -%'-)+-\[\]-_a-}\n\tА-яЁё«»—–]+)|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});|.", re.DOTALL
)
WORD = re.compile(r"\d+|[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
UNICASE = re.compile("[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # Hangul, kana, Chinese: no capitals
PARTICLES = {"de", "da", "di", "del", "la", "le", "van", "von", "der", "den", "al", "el", "bin", "ibn", "ogly", "oglu"}
# What institutions are called in general: such a word alone names none.
GENERAL = {
    "gbou", "mbou", "mou", "gou", "gbdou", "mbdou", "mdou", "dou", "gaou", "maou", "fgbou", "fgaou", "gbudo", "cdo",
    "gpou", "gbpou", "spb", "sosh", "soh", "gbu", "mbu", "ano", "ooo", "vo", "spo", "dod", "kogou", "chou", "nou",
}  # fmt: skip
KINDS = (
    "school", "shkol", "gimnazi", "gimnasi", "gimnaz", "gimnas", "lice", "lick", "kindergarten", "kolledz", "college",
    "tehnikum", "sad", "sadik", "internat", "sosh", "dou", "gbou", "gbdou", "mbou", "mbdou", "detsad", "centr",
    "center", "shk",
)  # fmt: skip
SIGNS = re.compile(r"[\s\"'«»„“”()№#.,:;–—-]*")
NUMBER_SIGN = re.compile(r"(№|#|\b(?:no|nr|n|number|номер)\b)", re.IGNORECASE)
ORDINAL = re.compile(r"[\s-]*(?:st|nd|rd|th|ая|ой|й|я|го|ю|е|м)?[\s-]*")
SHORT = re.compile(r"\b(?:no|nr|n|шк|sch)\.", re.IGNORECASE)
MAIL = re.compile(r"\s?(?:@|\(at\)|\[at\])\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")  # from its sign on
MAILBOX = re.compile(r"[\w.+-]+")
LINK = re.compile(r"https?://|ftp://|www\.|\.[a-z]{2,12}/", re.IGNORECASE)  # what a link begins with, or its host ends
HOST = re.compile(r"[\w.-]+")
LONGEST_HOST = 64  # letters before a domain that belong to it
PATH = re.compile(r"[^\s<>()\"'\[\]]*")
LONGEST_WORD, LONGEST_MAILBOX, LONGEST_HOST, LONGEST_GAP = 64, 64, 253, 16
MOST_MARKS = 30  # accents on one letter; to put more in order takes time that grows with their square
ACCENTS = re.compile(r"[^\w\s\x00-\u02ff]{31,}")
LINKED = re.compile(r"\[([^\[\]]*+)\]\(([^()]*+)\)")
LINKED_BELOW = re.compile(r"^(\s{0,3}\[[^\[\]]++\]):\s*+(\S++).*+$", re.MULTILINE)
HANDLE = re.compile(r"(?<![\w/.])@[A-Za-z][\w.]{2,}")
PHONE = re.compile(r"(?<![\w-])(?:\+\d|8|7|\(\d)[\d\s()\u00a0–-]{8,18}\d(?!\w)")
PERSONAL_HOSTS = (
    "vk.com", "vk.ru", "vk.me", "t.me", "telegram.me", "ok.ru", "facebook.com", "fb.com", "instagram.com", "x.com",
    "twitter.com", "linkedin.com", "tiktok.com", "youtube.com/@", "youtube.com/c", "youtube.com/user", "rutube.ru",
    "dzen.ru", "github.io", "github.com", "gitlab.com", "livejournal.com", "wa.me", "band.us", "blog.naver.com",
    "cafe.naver.com", "tistory.com", "sites.google.com", "drive.google.com", "docs.google.com", "disk.yandex",
    "yadi.sk", "cloud.mail.ru", "nsportal.ru", "infourok.ru", "multiurok.ru", "prosv.ru/profile", "proshkolu.ru",
    "pedsovet.org", "uchportal.ru", "znanio.ru", "kopilkaurokov.ru", "orcid.org", "researchgate.net", "elibrary.ru",
    "scholar.google", "bit.ly", "clck.ru", "goo.su", "tinyurl.com", "is.gd", "forms.gle", "padlet.com", "taplink",
)  # fmt: skip
INITIAL = r"[^\W\d_a-zа-яё]\."
BEFORE = re.compile(rf"(?:(?<!\w){INITIAL}[\s\u00a0-]*){{1,3}}$")
AFTER = re.compile(rf"^,?[\s\u00a0]*{INITIAL}(?:[\s\u00a0-]*{INITIAL}){{0,2}}")


def sound(word: str) -> str:
    """How a word sounds, in Latin letters, whichever way it was transliterated."""
    return _sound(word) if len(word) <= LONGEST_WORD else _sound_of_no_word(word)


@lru_cache(maxsize=50_000)
def _sound(word: str) -> str:
    said = unicodedata.normalize("NFKC", word).lower().translate(CARONS)
    said = re.sub("[^a-z]", "", anyascii(said).lower())
    for spelt, same in ALIKE:
        said = said.replace(spelt, same)
    said = re.sub(r"(.)\1+", r"\1", said)
    for spelt, same in SOFT:
        said = said.replace(spelt, same)
    return re.sub(r"(?<=[^aeiou])er$", "r", re.sub(r"(.)\1+", r"\1", said))


_sound_of_no_word = lru_cache(maxsize=4)(_sound.__wrapped__)  # asked several times in a row, not kept for long


@dataclass(frozen=True)
class Name:
    """One word of a name: the stems that it may have, and whether it is told from other words by its capital only."""

    word: str
    capital: bool = False

    @cached_property
    def stems(self) -> tuple[str, ...]:
        spelt = [self.word, *(self.word.lower().translate(other) for other in OTHER_SPELLINGS)]
        return tuple(dict.fromkeys(stem for word in spelt for stem in _stems_of(word)))

    def is_in(self, word: str) -> bool:
        """Whether a word of a text is this name, in any form."""
        said = sound(word)
        if not said or not self.stems[0]:
            return False
        if len(self.stems[0]) >= 6 and self.stems[0] in said:
            return True
        if (self.capital or len(self.stems[0]) < 4) and not word[0].isupper():
            return False
        if len(self.stems[0]) < 3 and _first(word) != _first(self.word):
            return False
        return any(said.startswith(it) and ENDING.fullmatch(said[len(it) :]) for it in self.stems)


def _stems_of(word: str) -> list[str]:
    said = sound(word)
    short = said[:-1] if word.lower().endswith("й") else said  # Цой, Цоя; Ли stays
    stem = said.rstrip(VOWELS) if len(word) > 3 else short
    stem = stem if len(stem) > 1 else said
    fleeting = re.sub(r"[eo]([^aeiou])$", r"\1", stem)  # Павел, Павла
    hollow = re.sub(r"e?c$", "ic", stem) if re.search("[ae]c$", stem) else stem  # Боец, Бойца; Заяц, Зайца
    return [stem, *(it for it in (fleeting, hollow) if len(it) > 1)]


def _first(word: str) -> str:
    letter = anyascii(word).lower()[:1]
    return "y" if letter in "ij" else letter


@dataclass(frozen=True)
class Found:
    """A place in a text that names somebody: from where to where, and what stands there."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Institutional:
    """By what an institution is known in a text: its names word by word, its number, its abbreviations."""

    sequences: tuple[tuple[str, ...], ...]
    numbers: frozenset[str]
    abbreviations: frozenset[str]


def known_by(*names: str) -> Institutional:
    """What the names of one institution (full and short) give it away by."""
    sequences, numbers, short = [], set(), set()
    for name in filter(None, names):
        words = WORD.findall(name)
        for said in [words, *(WORD.findall(quoted) for quoted in re.findall(r"[«\"“„]([^«»\"“”„]+)[»\"”“]", name))]:
            telling = [it for it in said if sound(it) not in GENERAL]
            if len(telling) > 1 or (telling and len(telling[0]) > 2 and not _is_kind(telling[0])):
                sequences.append(tuple(telling))
        numbers |= {it for it in words if it.isdigit()}
        short |= {it for it in words if it.isupper() and len(it) > 2 and sound(it) not in GENERAL and it.isalpha()}
        short.add("".join(it[0] for it in words if it[0].isupper()))
    abbreviations = frozenset(sound(it) for it in short if len(it) > 2 and sound(it) not in GENERAL)
    return Institutional(tuple(sequences), frozenset(numbers), abbreviations)


def _is_kind(word: str) -> bool:
    said = sound(word)
    if not said:
        return False
    kinds = (sound(it) for it in KINDS)
    return any(said.startswith(it) and ENDING.fullmatch(said[len(it) :]) for it in kinds)


class Plain:
    """A text as it is read: without what stands between letters unseen; each letter knows where it came from."""

    def __init__(self, text: str) -> None:
        letters, self.starts, self.ends = [], [], []
        for piece in PIECE.finditer(text):
            start, end = piece.span()
            if piece[1]:
                letters.append(piece[1])
                self.starts.extend(range(start, end))
                self.ends.extend(range(start + 1, end + 1))
                continue
            said = unescape(piece.group())
            if not UNSEEN.fullmatch(said):
                alike = unicodedata.normalize("NFKC", said)
                said = said if said == "№" or len(alike) > 4 else alike  # there are signs that stand for a sentence
                letters.append(said)
                self.starts.extend([start] * len(said))
                self.ends.extend([end] * len(said))
        self.text = "".join(letters)


def _host_in(text: str, host: str) -> Iterator[tuple[int, int]]:
    """Where a domain stands, with what is before it ("www.") and its path; each letter is looked at a few times."""
    for it in re.finditer(rf"{re.escape(host)}(?![\w-])(?:/[^\s<>()\"'\[\]]{{0,500}})?", text, re.IGNORECASE):
        start = it.start()
        while start and it.start() - start < LONGEST_HOST and (text[start - 1].isalnum() or text[start - 1] in "-._"):
            start -= 1
        if start == it.start() or text[it.start() - 1] == ".":  # not the end of another name
            yield start, it.end()


@dataclass
class Mask:
    """What must not show: names of people (in their parts), institutions, hosts of their pages."""

    names: tuple[Name, ...] = ()
    whole: tuple[str, ...] = ()  # as they stand: names in scripts without capitals, names with digits
    initials: tuple[str, ...] = ()
    institutions: tuple[Institutional, ...] = ()
    hosts: tuple[str, ...] = ()
    _known: dict[str, bool] = field(default_factory=dict)

    def found_in(self, text: str) -> list[Found]:
        """All places of a text that name somebody, in their order, neighbours as one. The text is in NFC."""
        plain = Plain(text)
        spans = sorted(self._spans(plain.text))
        joined = _joined(spans, plain.text)
        return [_found(start, end, plain, text) for start, end in joined]

    def masked(self, text: str, instead: str) -> str:
        """The text with `instead` in these places; a link that led there becomes the words it had."""
        text = normalized(text)
        parts, at = [], 0
        for it in self.found_in(text):
            parts += [text[at : it.start], instead]
            at = it.end
        if not parts:
            return text
        told = LINKED.sub(lambda it: _unlinked(it, instead), "".join([*parts, text[at:]]))
        return LINKED_BELOW.sub(lambda it: f"{it[1]}: <{instead}>" if instead in it[2] else it[0], told)

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        yield from _mails_in(text)
        yield from (it.span() for it in HANDLE.finditer(text))
        yield from (it.span() for it in PHONE.finditer(text) if 10 <= len(re.sub(r"\D", "", it.group())) <= 12)
        yield from ((start, end) for start, end in _links_in(text) if self._is_personal(text[start:end]))
        for host in self.hosts:  # also where it stands alone, without "https://"
            yield from _host_in(text, host)
        for whole in self.whole:
            yield from (it.span() for it in re.finditer(re.escape(whole), text, re.IGNORECASE))
        for three in self.initials:
            yield from (it.span() for it in re.finditer(three, text))
        text = text.replace("_", " ")
        words = list(WORD.finditer(text))
        yield from self._people(words, text)
        for institution in self.institutions:
            yield from _institution_in(institution, words, text)

    def _people(self, words: list[re.Match], text: str) -> Iterator[tuple[int, int]]:
        for it in words:
            if it.group().isdigit() or not self._is_name(it.group()):
                continue
            before = BEFORE.search(text[max(0, it.start() - 16) : it.start()])
            after = AFTER.match(text[it.end() : it.end() + 16])
            start = it.start() - (len(before.group()) if before else 0)
            yield start, it.end() + (after.end() if after else 0)

    def _is_name(self, word: str) -> bool:
        if word not in self._known:
            parts = [word, *re.findall(r"[A-ZА-ЯЁ][a-zа-яё]+", word)]
            self._known[word] = any(name.is_in(part) for name in self.names for part in parts)
        return self._known[word]

    def _is_personal(self, link: str) -> bool:
        address = re.sub(r"^(?:\w+://)?(?:www\.)?", "", link.lower())
        if any(address.startswith(it) or f".{it}" in address for it in (*PERSONAL_HOSTS, *self.hosts)):
            return True
        said = sound(address)
        stems = (stem for name in self.names for stem in name.stems[:1])
        return any(len(stem) > 3 and stem in said for stem in stems)


def normalized(text: str) -> str:
    """A text in NFC, with no more accents on a letter than any writing has."""
    return unicodedata.normalize("NFC", ACCENTS.sub(_with_few_marks, text))


def _with_few_marks(signs: re.Match) -> str:
    kept, marks = [], 0
    for sign in signs.group():
        marks = marks + 1 if unicodedata.combining(sign) else 0
        if marks <= MOST_MARKS:
            kept.append(sign)
    return "".join(kept)


def _mails_in(text: str) -> Iterator[tuple[int, int]]:
    for it in MAIL.finditer(text):
        if length := _length_before(MAILBOX, text, it.start(), LONGEST_MAILBOX):
            yield it.start() - length, it.end()


def _links_in(text: str) -> Iterator[tuple[int, int]]:
    """Each link once: where one ends, the search for the next begins."""
    end = 0
    while it := LINK.search(text, end):
        before = min(LONGEST_HOST, it.start() - end) if it.group().startswith(".") else 0
        start = it.start() - _length_before(HOST, text, it.start(), before)
        end = PATH.match(text, it.end()).end()
        yield start, end


def _length_before(letters: re.Pattern, text: str, at: int, most: int) -> int:
    """How many of such letters stand right before a place."""
    it = letters.match(text[max(0, at - most) : at][::-1])
    return it.end() if it else 0


def _unlinked(link: re.Match, instead: str) -> str:
    """The words of a Markdown link alone when its address named somebody."""
    words, address = link.groups()
    return f"{words} {instead}" if instead in "".join(address.split(maxsplit=1)[:1]) else link.group()


def _institution_in(known: Institutional, words: list[re.Match], text: str) -> Iterator[tuple[int, int]]:
    begun_by: dict[str, list[tuple[str, ...]]] = {}  # which names a word may begin: most words none
    for number, it in enumerate(words):
        said = it.group()
        if said not in begun_by:
            begun_by[said] = [names for names in known.sequences if _same(names[0], said)]
        if said.isupper() and sound(said) in known.abbreviations:
            yield it.span()
        for sequence in begun_by[said]:
            last = _follows(sequence, words[number : number + len(sequence)], text)
            if last is not None:
                yield it.start(), last.end()
        if said in known.numbers:
            yield from _numbered(words, number, text)


def _follows(sequence: tuple[str, ...], words: list[re.Match], text: str) -> re.Match | None:
    """The last of the words when they say the sequence, declined or not, with nothing but signs between them."""
    if len(words) < len(sequence) or (len(sequence) == 1 and not words[0].group()[0].isupper()):
        return None
    for before, it in pairwise(words):
        if not SIGNS.fullmatch(text[before.end() : it.start()]):
            return None
    same = all(_same(said, it.group()) for said, it in zip(sequence, words, strict=True))
    return words[-1] if same else None


def _same(one: str, other: str) -> bool:
    if one.isdigit() or other.isdigit():
        return one == other
    stem = sound(one).rstrip(VOWELS) or sound(one)
    said = sound(other)
    return said.startswith(stem) and bool(ENDING.fullmatch(said[len(stem) :]))


def _numbered(words: list[re.Match], number: int, text: str) -> Iterator[tuple[int, int]]:
    """School 77, school № 77, school of the district № 77, 77th school."""
    it = words[number]
    since = max(0, number - 5)
    reach = 5 if NUMBER_SIGN.search(text[words[since].start() : it.start()][-8:]) else 1
    for before in reversed(words[max(0, number - reach) : number]):
        if not _is_kind(before.group()):
            continue
        if not re.search(r"[.!?\n]", SHORT.sub("", text[before.start() : it.start()])):
            yield before.start(), it.end()
            return
    for after in words[number + 1 : number + 3]:  # 77-я школа
        between = text[it.end() : after.start()]
        if _is_kind(after.group()) and len(between) <= LONGEST_GAP and ORDINAL.fullmatch(between):
            yield it.start(), after.end()
            return


def _joined(spans: Iterable[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and re.fullmatch(r"[\s,.«»\"'-]*", text[joined[-1][1] : start]) and start >= joined[-1][0]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _found(start: int, end: int, plain: Plain, text: str) -> Found:
    first, last = plain.starts[start], plain.ends[end - 1]
    return Found(first, last, text[first:last])


def parts_of(*names: str, capital: bool = False) -> list[Name]:
    """The words of names, without particles and single letters."""
    words = [word for name in names for word in re.split(r"[\s.,-]+", name) if not UNICASE.search(word)]
    return [Name(it, capital) for it in words if len(it) > 1 and sound(it) not in PARTICLES]
