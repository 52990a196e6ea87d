from courses.models.courses import Course
from courses.models.enrolments import Enrolment
from courses.models.runs import Pattern, Pool, Run, Session

__all__ = ["Course", "Enrolment", "Pattern", "Pool", "Run", "Session"]
