"""What competitions are made of; each file holds one thing and its selections."""

from competitions.models.competitions import Competition, Criterion, LevelExample, Nomination
from competitions.models.entries import Authorship, Entry, EntryFile, Step, UsedTool
from competitions.models.jury import DeclaredConflict, Juror, Review, Score
from competitions.models.library import Pick, Plan, Thanks, UsageNote
from competitions.models.results import Result

__all__ = [
    "Authorship",
    "Competition",
    "Criterion",
    "DeclaredConflict",
    "Entry",
    "EntryFile",
    "Juror",
    "LevelExample",
    "Nomination",
    "Pick",
    "Plan",
    "Result",
    "Review",
    "Score",
    "Step",
    "Thanks",
    "UsageNote",
    "UsedTool",
]
