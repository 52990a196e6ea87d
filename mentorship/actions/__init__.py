"""What can be done in mentorship: each action is one transaction, in the module of its concern."""

ACTIONS: dict[str, dict] = {}

__all__ = [
    "ACTIONS",
]
