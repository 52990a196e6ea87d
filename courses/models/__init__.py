from courses.models.bookings import ClassBooking
from courses.models.courses import Course
from courses.models.enrolments import Enrolment
from courses.models.pools import Pool, Reserve
from courses.models.questions import Answer, Question
from courses.models.runs import Pattern, Run, Session
from courses.models.seats import Seat, in_session

__all__ = [
    "Answer",
    "ClassBooking",
    "Course",
    "Enrolment",
    "Pattern",
    "Pool",
    "Question",
    "Reserve",
    "Run",
    "Seat",
    "Session",
    "in_session",
]
