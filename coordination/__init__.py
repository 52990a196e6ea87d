"""The top floor: home page, search, the desk, examples."""
