"""Languages in the reader's words."""

import pytest
from django.conf import settings
from django.utils.translation import override

from cluster_portal.languages import NAMES, language_name, languages


@pytest.mark.parametrize(
    ("reader", "code", "said"),
    [("en", "tt", "Tatar"), ("ru", "tt", "татарский"), ("ko", "ru", "러시아어"), ("ru", "xx", "xx")],
)
def test_a_language_is_named_as_its_reader_calls_it(reader, code, said):
    with override(reader):
        assert language_name(code) == said


def test_the_languages_of_the_portal_come_first_and_have_names():
    portal = [code for code, _name in settings.LANGUAGES]
    assert set(portal) <= set(NAMES)
    with override("ru"):
        assert languages()[: len(portal)] == [("en", "Английский"), ("ru", "Русский"), ("ko", "Корейский")]
