"""One address: asks for a job of each kind in the request's own transaction."""

from uuid import uuid4

from pyramid.view import view_config

from parlour.jobs import enqueue

# How often one job may be killed; here it must not be what ends a job.
ATTEMPTS = 1000


def includeme(config):
    config.add_route("chaos.ask", "/ask")


@view_config(route_name="chaos.ask", request_method="POST", permission="chaos:jobs", renderer="json")
def ask(request):
    key, url = uuid4().hex, request.POST["url"]
    asked = {
        "chaos.count": {"key": key},
        "chaos.batches": {"key": key, "total": 4},
        "chaos.send": {"key": key, "url": url},
    }
    return [enqueue(request.db, name, args, max_attempts=ATTEMPTS) for name, args in asked.items()]
