from django.urls import register_converter
from django.urls.converters import StringConverter


class PartConverter(StringConverter):
    """What a competition is made of, as it stands in addresses: `<part:part>`."""

    regex = "nominations|criteria"


register_converter(PartConverter, "part")
