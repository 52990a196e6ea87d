"""The counter of a pool: everything that takes or frees a place goes through here, under the pool's lock."""

from courses.models import Pool


def take(pool: Pool, places: int) -> None:
    """Count places as taken, or as free again."""
    if places:
        pool.taken += places
        Pool.objects.filter(pk=pool.pk).update(taken=pool.taken)
