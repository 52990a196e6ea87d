"""What every page knows."""

from django.conf import settings


def cluster(request):
    """The cluster's name, whether this is a demonstration, and who answers for the data."""
    return {
        "cluster": request.cluster,
        "demo": settings.DEMO,
        "controller": settings.CONTROLLER,
        "data_protection_contact": settings.DATA_PROTECTION_CONTACT,
        "source_url": settings.SOURCE_URL,
    }
