"""English for readers outside of America: the day first, 24 hours, because every timetable here is written so."""
