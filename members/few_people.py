"""Which counts of people are not said: with so few, a colleague would know who is meant (decision 048)."""

FEWEST_PEOPLE = 3


def is_few(people: int) -> bool:
    """Whether a count of people is too small to be said; nobody is nobody."""
    return 0 < people < FEWEST_PEOPLE
