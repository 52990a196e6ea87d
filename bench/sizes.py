"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """The data, and the length of the run. `seconds` is per page and round."""

    runs: int = 100
    enrolments: int = 2_000
    people: int = 300
    early_people: int = 24  # who enrol while it warms up
    readers: int = 50
    roster: int = 2_000
    short_roster: int = 200
    clients: int = 8
    rounds: int = 3
    seconds: float = 1.5
    most_requests: int = 1_000_000
    long_run: int = 5_000
    papers: int = 500

    @classmethod
    def tiny(cls) -> "Sizes":
        """Just enough to see that everything is measured."""
        return cls(runs=5, enrolments=20, people=4, early_people=2, readers=4, roster=60, short_roster=10,
                   clients=2, rounds=1, seconds=5, most_requests=10, long_run=20, papers=6)  # fmt: skip

    @property
    def who_enrol(self) -> int:
        return self.people + self.early_people
