from parlour.plugin import gate


def test_a_new_organisation_has_the_core(session):
    assert "core" in gate.enabled(session)


def test_a_new_organisation_has_the_core2(session_as, other_organisation):
    session = session_as("receptionist")
    assert "core" in gate.enabled(session)
