"""What the tests of the API share."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from parlour.access.models import Organisation
from parlour.plugins.contacts.models import Contact
from parlour.records.write import save
from parlour.testing import people


@pytest.fixture
def client(engine: Engine, organisation: Organisation) -> int:
    """The id of Anna."""
    with people.trusted(engine, organisation) as session:
        made = save(session, Contact, {"name": "Anna"})
        session.commit()
    return made
