"""What leaves the database cannot be taken back: it goes out once, or a person is asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from parlour.db.base import now
from parlour.errors import Refusal
from parlour.jobs import control
from parlour.jobs.lease import recover
from parlour.jobs.run import run_job
from tests.core.jobs.conftest import Desk


@pytest.fixture
def box(tmp_path: Path) -> Path:
    made = tmp_path / "box"
    made.touch()
    return made


def letters(box: Path) -> list[str]:
    return box.read_text().split()


def test_a_letter_goes_out_once_for_its_key(desk: Desk, box: Path) -> None:
    args = {"key": "reminder-7", "box": str(box)}
    first, second = desk.ask("probe.send", args), desk.ask("probe.send", args)
    assert run_job(desk.engine, first) == "done"
    assert run_job(desk.engine, second) == "done"
    assert letters(box) == ["reminder-7"]
    assert desk.row(second).result == {"already_sent": "reminder-7"}
    assert desk.effects("reminder-7") == [0]


def test_the_same_key_of_another_organisation_is_another_letter(
    desk: Desk, other_desk: Desk, box: Path
) -> None:
    with other_desk.session() as session:
        from parlour.plugin import lifecycle

        lifecycle.enable(session, "probe")
        session.commit()
    for each in (desk, other_desk):
        run_job(each.engine, each.ask("probe.send", {"key": "k", "box": str(box)}))
    assert letters(box) == ["k", "k"]


def test_a_letter_that_was_certainly_refused_is_sent_again(desk: Desk, box: Path) -> None:
    job_id = desk.ask("probe.send", {"key": "k", "box": str(box), "then": "refused"})
    assert run_job(desk.engine, job_id) == "waiting"
    desk.make_due(job_id)
    assert run_job(desk.engine, job_id) == "done"
    assert letters(box) == ["k"]


def test_a_worker_lost_while_sending_leaves_the_job_uncertain(desk: Desk, box: Path) -> None:
    job_id = desk.ask("probe.send", {"key": "k", "box": str(box)})
    desk.change(job_id, state="sending", locked_by="gone", locked_until=now() - timedelta(seconds=1))
    assert recover(desk.engine) == 1
    assert desk.state(job_id) == "uncertain"
    assert run_job(desk.engine, job_id) is None
    assert letters(box) == []


@pytest.mark.parametrize(("sent", "expected"), [(True, ["k"]), (False, ["k", "k"])])
def test_a_person_decides_about_an_uncertain_letter(
    desk: Desk, box: Path, sent: bool, expected: list[str]
) -> None:
    job_id = desk.ask("probe.send", {"key": "k", "box": str(box), "then": "unclear"})
    assert run_job(desk.engine, job_id) == "uncertain"
    desk.change(job_id, args={"key": "k", "box": str(box)})
    with desk.session() as session:
        control.decide(session, job_id, sent=sent)
        session.commit()
    run_job(desk.engine, job_id)
    assert (desk.state(job_id), letters(box)) == ("done", expected)
    with desk.session() as session, pytest.raises(Refusal, match="already clear"):
        control.decide(session, job_id, sent=True)


def test_a_letter_on_its_way_can_no_longer_be_cancelled(desk: Desk) -> None:
    job_id = desk.ask("probe.send", {"key": "k", "box": "-"})
    desk.change(job_id, state="sending", locked_by="busy", locked_until=now() + timedelta(minutes=1))
    with desk.session() as session, pytest.raises(Refusal, match="no longer"):
        control.cancel(session, job_id)
