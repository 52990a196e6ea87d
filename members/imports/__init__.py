"""Lists on their way in: reading any usual dress, guessing columns, judging rows, handing back what fails."""
