"""How the portal writes dates and times."""
