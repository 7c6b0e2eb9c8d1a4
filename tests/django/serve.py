"""Makes the tables in memory, serves on a free loopback port and says so in one line: `ready` and its address.

Ends with its standard input, so that it never outlives the program that started it.
"""

import logging
import os
import sys
import threading

import django
from django.core.management import call_command
from django.core.servers.basehttp import WSGIRequestHandler, WSGIServer
from django.core.wsgi import get_wsgi_application


class Handler(WSGIRequestHandler):
    """Without a line on standard error for each request."""

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def seed() -> None:
    """The partner and an offering, as in the sandbox's seed."""
    from issuance.models import Offering, User

    partner = User(email="partner@example.com", first_name="Pat", last_name="Partner")
    partner.set_password("sandbox-password")
    partner.save()
    Offering.objects.create(
        name="Analytical Engines Regulation A",
        slug="analytical-engines-rega",
        type="reg_a",
        unit_price="10.50",
        fee_percent="2.00",
        card_fee_percent="3.50",
    )


def main() -> None:
    """Serves until the standard input ends."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "issuance.settings"
    # Tests are refused and cut off on purpose.
    logging.disable()
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    seed()
    # One thread: the database in memory belongs to it.
    server = WSGIServer(("127.0.0.1", 0), Handler)
    server.set_app(get_wsgi_application())
    print(f"ready 127.0.0.1:{server.server_port}", flush=True)

    def watch() -> None:
        sys.stdin.read()
        server.shutdown()

    threading.Thread(target=watch, daemon=True).start()
    server.serve_forever(poll_interval=0.05)


main()
