"""Whether two people mean the same competition, however they write it. Nothing here knows of a database.

Names are compared word by word: case, ё, endings ("физика", "физике"), small words, years and a typo make no
difference, and a short name may stand for its words ("IMO", "ВсОШ"). One name may say less than the other (an olympiad
"in informatics", and the open one in informatics), but not something else: physics is not mathematics.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from cluster_portal.search import folded

SAME, PART, OTHER = 100, 70, 0
# Words that join others, words of which every olympiad has one, and words too common to be all that two names share.
SMALL = (
    "the", "a", "an", "of", "for", "in", "on", "and", "by", "по", "для", "в", "во", "на", "и", "о", "об", "имени",
)  # fmt: skip
EMPTY = ("students", "pupils", "schoolchildren", "school", "среди", "школьников", "школьная", "учащихся", "обучающихся")
WEAK = (
    "olympiad", "olympics", "competition", "contest", "tournament", "championship", "cup", "challenge", "league",
    "open", "international", "national", "regional", "city", "junior", "final", "round", "stage",
    "олимпиада", "конкурс", "турнир", "чемпионат", "соревнование", "кубок", "хакатон", "конференция",
    "открытая", "международная", "национальная", "региональная", "городская", "районная", "финал", "этап", "тур",
    "올림피아드", "대회", "경시대회", "경진대회", "국제", "전국", "한국",
)  # fmt: skip
NUMBER = re.compile(r"\d+(st|nd|rd|th)?|[ivx]{2,}")
LONGEST_SHORT_NAME = 6


@lru_cache(maxsize=100_000)
def likeness(asked: str, known: str) -> int:
    """How alike two names are: SAME, PART when one says less than the other, or OTHER."""
    first: Sequence[str] = words_of(asked)
    second: Sequence[str] = words_of(known)
    if not first or not second:
        return OTHER
    if "".join(first) == "".join(second):  # Korean and German join what others write apart
        return SAME
    first, second = _telling(_spelt_out(first, second)), _telling(_spelt_out(second, first))
    if not any(is_same_word(a, b) and not _is_weak(a) for a in first for b in second):
        return OTHER
    there, back = _holds(first, second), _holds(second, first)
    return SAME if there and back else PART if there or back else OTHER


@lru_cache(maxsize=20_000)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, without small ones, years and numbers."""
    words = re.findall(r"\w+", folded(name))
    return tuple(it for it in words if it not in SMALL and not NUMBER.fullmatch(it) and len(it) > 1) or tuple(words)


@lru_cache(maxsize=100_000)
def is_same_word(first: str, second: str) -> bool:
    """Whether two words are one: with other endings, or a typo."""
    if first == second:
        return True
    longer, shorter = max(len(first), len(second)), min(len(first), len(second))
    if shorter < 4:
        return False
    stem = next((at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), shorter)
    if stem >= 8 or (stem >= 4 and stem >= longer - 2):
        return True
    typos = 2 if shorter >= 10 else 1 if shorter >= 5 else 0
    return longer - shorter <= typos and _distance(first, second) <= typos


def _telling(words: Sequence[str]) -> Sequence[str]:
    return [it for it in words if it not in EMPTY] or words


def _holds(more: Sequence[str], less: Sequence[str]) -> bool:
    return all(any(is_same_word(it, one) for one in more) for it in less)


@lru_cache(maxsize=20_000)
def _is_weak(word: str) -> bool:
    return any(is_same_word(word, it) for it in WEAK)


def _spelt_out(words: Sequence[str], other: Sequence[str]) -> Sequence[str]:
    """The words, where a short name among those of the other name stands for some of them: that name instead."""
    left = list(words)
    for short in other:
        if 3 <= len(short) <= LONGEST_SHORT_NAME and short not in left:
            for start in range(len(left) - 1):
                if length := _abbreviated(short, left[start:]):
                    left[start : start + length] = [short]
                    break
    return left


def _abbreviated(short: str, words: Sequence[str]) -> int:
    """For how many words (two at least) these letters stand: the first one or two of each. 0 for none."""
    ways = {short: 0}
    for count, word in enumerate(words, 1):
        rests = [rest[n:] for rest in ways for n in (1, 2) if len(rest) >= n and rest[:n] == word[:n]]
        if "" in rests and count > 1:
            return count
        ways = dict.fromkeys((it for it in rests if it), count)
    return 0


def _distance(first: str, second: str) -> int:
    """How many letters must be changed, put in, left out, or exchanged with their neighbour."""
    before, last = [0] * (len(second) + 1), list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        row = [i]
        for j, b in enumerate(second, 1):
            step = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                step = min(step, before[j - 2] + 1)
            row.append(step)
        before, last = last, row
    return last[-1]
