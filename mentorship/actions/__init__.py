"""What can be done in mentorship: each action is one transaction, in the module of its concern."""
