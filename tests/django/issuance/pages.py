"""What the settings name: a module of its own, since the views cannot be read before the settings."""

from rest_framework.pagination import PageNumberPagination
from rest_framework.views import APIView, get_view_description


class Pages(PageNumberPagination):
    """The sizes are the sandbox's guess: the document names none."""

    page_size = 10
    max_page_size = 100
    page_size_query_param = "page_size"


def description(view: APIView, html: bool = False) -> str:
    """Nothing for our own views, whose doc strings are not the service's."""
    return "" if type(view).__module__.startswith("issuance") else get_view_description(view, html)
