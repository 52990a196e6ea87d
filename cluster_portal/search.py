"""Search that ignores case and ё/е and forgives a typo.

Whatever is to be found keeps a folded copy of its words in a column `words` with a trigram index (the database's own
case rules do not know ё). A typo is forgiven by pg_trgm's word similarity.
"""

import re
from collections.abc import Iterable

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Lower, Replace

LONGEST_QUERY = 100


def folded(*texts: str) -> str:
    """The texts as they are compared: casefolded, ё as е, single spaces, and no NUL (no database text holds one)."""
    return " ".join(" ".join(texts).replace("\0", " ").casefold().replace("ё", "е").split())


def folded_columns(*names: str) -> Replace:
    """Columns as the database compares them: like `folded`, by its own case rules and without tidying spaces."""
    parts = [part for name in names for part in (Value(" "), name)][1:]
    return Replace(Lower(Concat(*parts) if len(parts) > 1 else parts[0]), Value("ё"), Value("е"))


def beginning(texts: Iterable[str]) -> str:
    """A pattern for columns of folded words: those that begin with one of these folded texts, as whole words."""
    return f"^({'|'.join(re.escape(text) for text in sorted(texts))})( |$)"


def found(rows: models.QuerySet, query: str) -> models.QuerySet:
    """The rows whose `words` hold the query, or nearly: whole matches first, then by likeness."""
    asked = folded(query)[:LONGEST_QUERY]
    if not asked:
        return rows
    return (
        rows.annotate(likeness=TrigramWordSimilarity(Value(asked), "words"))
        .filter(Q(words__contains=asked) | Q(words__trigram_word_similar=asked))
        .order_by(models.Case(models.When(words__contains=asked, then=0), default=1), "-likeness", "pk")
    )
