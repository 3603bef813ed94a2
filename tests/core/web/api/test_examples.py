"""The commands in the guide are carried out as they stand, against a server."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from parlour.plugins.contacts.models import Contact
from parlour.records.write import save
from parlour.testing import people

GUIDE = Path(__file__).parents[4] / "docs" / "vendor" / "api.md"
COMMANDS = [text for text in re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.S) if "curl" in text]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_given):
        pass


@pytest.fixture
def server(app):
    made = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join(10)
    made.server_close()


def test_every_curl_of_the_guide_is_answered_as_it_says(server, program, engine, organisation):
    with people.trusted(engine, organisation) as session:
        save(session, Contact, {"name": "Anna"})
        session.commit()
    caller = program()
    assert len(COMMANDS) >= 3
    for command in COMMANDS:
        done = subprocess.run(
            [
                "sh",
                "-c",
                command.replace("http://localhost:6543", server).replace(
                    "curl ", "curl -sS --fail-with-body ", 1
                ),
            ],
            env={"PATH": "/usr/bin:/bin", "TOKEN": caller.token, "no_proxy": "*"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        json.loads(done.stdout)
    names = [item["name"] for item in caller.get("/api/v1/records/contacts.contact").json["items"]]
    assert names == ["Anna", "Boris"]
