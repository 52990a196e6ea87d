"""The ground: settings, and what every app stands on."""
