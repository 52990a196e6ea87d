"""Ages and birthdays: how years are counted, and who is of which age on a day."""

from datetime import date

ADULT_AGE = 18


def years_between(birth: date, day: date) -> int:
    """Full years from `birth` to `day`; somebody born on 29 February has their birthday on 1 March in other years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def day_of_age(birth: date, age: int) -> date:
    """The birthday on which somebody reaches an age, as `years_between` counts."""
    try:
        return birth.replace(year=birth.year + age)
    except ValueError:  # 29 February, and no such day in that year
        return date(birth.year + age, 3, 1)


def latest_birth_date_of_an_adult(day: date, age: int = ADULT_AGE) -> date:
    """Who was born on this date or before is an adult (or of another age) on `day`, as `years_between` counts."""
    try:
        return day.replace(year=day.year - age)
    except ValueError:  # 29 February, and no such day in the year of birth
        return date(day.year - age, 2, 28)
