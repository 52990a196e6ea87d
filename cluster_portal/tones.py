"""What a state looks like: its tone (a colour) and its shape. The word comes from the model.

The five shapes are one alphabet, the same for states, places and the chain: disc is done, half is waiting on
somebody, ring is not yet or no more, triangle asks for you, cross is broken.
"""

SHAPES = {"good": "disc", "waiting": "half", "attention": "triangle", "bad": "cross", "neutral": "ring"}

# By the word in code, which means the same in every model. A test asks for each state of each model.
TONES = {
    "good": {
        "active",
        "accepted",
        "admitted",
        "approved",
        "completed",
        "concluded",
        "confirmed",
        "covered",
        "granted",
        "issued",
        "member",
        "paired",
        "published",
        "sent",
        "settled",
    },
    "waiting": {
        "asked",
        "assigned",
        "candidate",
        "handed_in",
        "held",
        "invited",
        "pending",
        "planned",
        "proposed",
        "questioned",
        "queued",
        "received",
        "sending",
        "submitted",
        "unconfirmed",
        "waiting",
    },
    "attention": {"conflict", "offered", "open", "returned"},
    "bad": {"disqualified", "failed", "refused", "revoked", "terminated"},
    "neutral": {
        "abandoned",
        "cancelled",
        "closed",
        "declined",
        "dissolved",
        "draft",
        "ended",
        "expired",
        "former",
        "lapsed",
        "left",
        "none",
        "not_needed",
        "partner",
        "paused",
        "released",
        "retired",
        "superseded",
        "withdrawn",
    },
}
_BY_STATE = {state: tone for tone, states in TONES.items() for state in states}


def tone_of(state: str) -> str:
    """The tone of a state; KeyError for one that nobody has placed yet."""
    return _BY_STATE[state]
