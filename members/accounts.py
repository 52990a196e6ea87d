from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    pass


def display_name(person) -> str:
    return person.short_name
