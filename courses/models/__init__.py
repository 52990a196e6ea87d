from courses.models.attendance import Attendance, FinalWork
from courses.models.bookings import ClassBooking
from courses.models.courses import Course
from courses.models.enrolments import Enrolment, keep_newest, newest_in, newest_of
from courses.models.materials import FeedbackAnswer, FeedbackQuestion, Material
from courses.models.pathways import Pathway, PathwayStep
from courses.models.pools import Pool, Reserve
from courses.models.questions import Answer, Question
from courses.models.runs import Pattern, Run, Session
from courses.models.seats import Seat, in_session

__all__ = [
    "Answer",
    "Attendance",
    "ClassBooking",
    "Course",
    "Enrolment",
    "FeedbackAnswer",
    "FeedbackQuestion",
    "FinalWork",
    "Material",
    "Pathway",
    "PathwayStep",
    "Pattern",
    "Pool",
    "Question",
    "Reserve",
    "Run",
    "Seat",
    "Session",
    "in_session",
    "keep_newest",
    "newest_in",
    "newest_of",
]
