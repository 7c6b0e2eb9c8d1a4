"""What a test turns, and the throttle that reads it. All of it is at rest unless a test asks.

Without models and views: Django REST Framework reads the throttle before them.
"""

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

token_life: timedelta | None = None
token_limit: int | None = None
is_broken = False
is_updated_at_unknown = False
ordering: list[str] | None = None
default_ordering: list[str] | None = None


class Throttle(UserRateThrottle):
    """The stock throttle, at the rate of the knob."""

    knob: str | None = None

    def get_rate(self) -> str | None:
        """Nothing: no limit."""
        return self.knob

    def allow_request(self, request: Request, view: Any) -> bool:
        """Breaks down first, where that is asked for: this runs before every view."""
        if is_broken:
            raise RuntimeError("broken on purpose")
        return super().allow_request(request, view)


def throttle(rate: str | None) -> None:
    """So many calls, counted from now on, such as `2/minute`."""
    cache.clear()
    Throttle.knob = rate
