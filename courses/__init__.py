"""Courses, their runs and sessions, places, enrolment."""
