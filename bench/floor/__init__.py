"""The floor: the barest Django app that shows the same data, as `startproject` would begin it."""
