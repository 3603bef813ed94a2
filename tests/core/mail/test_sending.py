"""Letters through a real mail server: taken, refused, lost on the way; and never sent twice."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import Engine, select, update

from parlour import mail
from parlour.access.models import Organisation
from parlour.db.base import now
from parlour.db.engine import reader
from parlour.db.session import open_session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.jobs import NotSent, enqueue, handlers
from parlour.jobs.handlers import Terms
from parlour.jobs.models import WAITING, Job
from parlour.jobs.run import run_job
from parlour.mail.letters import compose, sender_address
from parlour.mail.server import Rejected, connected, server_of
from parlour.settings import Settings
from parlour.testing.mailbox import Mailbox, Serve

LETTER = mail.Letter(
    to="anna@example.com",
    to_name="Анна Орлова",
    sender="Салон «Жасмин»",
    locale="ru",
    subject=_("Forgotten the password"),
    lines=["<b>Anna</b> & Olga"],
    action=mail.Action(_("Log in"), "https://salon.example/login"),
)


def write(session, job, **changes):
    mail.send(job, replace(LETTER, **changes))


@pytest.fixture(autouse=True)
def _job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(handlers.CORE, "core.letter", ("tests.core.mail.test_sending:write", Terms("mail")))


class Post:
    """Asks for letters and looks at what became of the jobs."""

    def __init__(self, engine: Engine, settings: Settings):
        self.engine, self.settings = engine, settings

    def ask(self, **changes: str) -> int:
        with open_session(self.engine) as session:
            job_id = enqueue(session, "core.letter", changes)
            session.commit()
        return job_id

    def run(self, job_id: int, box: Mailbox) -> str | None:
        with self.engine.begin() as connection:
            connection.execute(update(Job).where(Job.id == job_id, Job.state == WAITING).values(run_at=now()))
        return run_job(self.engine, job_id, settings=box.settings(self.settings))

    def error(self, job_id: int) -> str:
        with reader(self.engine).connect() as connection:
            found = connection.execute(select(Job.error).where(Job.id == job_id)).scalar_one()
        return str(found)


@pytest.fixture
def post(engine: Engine, settings: Settings, organisation: Organisation) -> Post:
    return Post(engine, settings)


def test_a_letter_arrives_in_two_forms_and_in_the_readers_language(post: Post, mailbox: Mailbox) -> None:
    assert post.run(post.ask(), mailbox) == "done"
    (message,) = mailbox.messages
    assert mailbox.recipients == ["anna@example.com"]
    assert message["subject"] == "Не помню пароль"
    assert str(message["to"]) == "Анна Орлова <anna@example.com>"
    assert message["from"].addresses[0].display_name == "Салон «Жасмин»"
    assert message["auto-submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert "<b>Anna</b> & Olga" in mailbox.text()
    assert "https://salon.example/login" in mailbox.text()
    html = message.get_body(("html",)).get_content()
    assert "&lt;b&gt;Anna&lt;/b&gt; &amp; Olga" in html
    assert '<html lang="ru">' in html
    assert "Войти" in html


def test_a_letter_refused_for_now_is_sent_again_later_and_arrives_once(post: Post, mailbox: Mailbox) -> None:
    for step in ("rcpt", "data"):
        mailbox.messages.clear()
        job_id = post.ask()
        setattr(mailbox, step, "450 the mailbox is busy")
        assert post.run(job_id, mailbox) == "waiting"
        assert "450" in post.error(job_id)
        setattr(mailbox, step, "")
        assert post.run(job_id, mailbox) == "done"
        assert len(mailbox.messages) == 1


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_a_letter_refused_for_good_is_not_tried_again_and_says_why(
    post: Post, mailbox: Mailbox, step: str
) -> None:
    setattr(mailbox, step, "550 nobody of that name")
    job_id = post.ask()
    assert post.run(job_id, mailbox) == "failed"
    assert "550 nobody of that name" in post.error(job_id)
    setattr(mailbox, step, "")
    assert post.run(job_id, mailbox) is None
    assert mailbox.messages == []


def test_a_server_that_is_away_is_tried_again(post: Post, mailbox: Mailbox) -> None:
    job_id, port = post.ask(), mailbox.port
    mailbox.port = 1
    assert post.run(job_id, mailbox) == "waiting"
    mailbox.port = port
    assert post.run(job_id, mailbox) == "done"


def test_a_connection_lost_before_the_letter_is_tried_again(post: Post, mailbox: Mailbox) -> None:
    mailbox.hang_up = "rcpt"
    job_id = post.ask()
    assert post.run(job_id, mailbox) == "waiting"
    mailbox.hang_up = ""
    assert post.run(job_id, mailbox) == "done"
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize("kept", [True, False])
def test_a_connection_lost_over_the_letter_leaves_it_to_a_person(
    post: Post, mailbox: Mailbox, kept: bool
) -> None:
    """The letter may be there or not, and nothing here can know."""
    mailbox.hang_up, mailbox.kept = "data", kept
    job_id = post.ask()
    assert post.run(job_id, mailbox) == "uncertain"
    assert len(mailbox.messages) == kept
    mailbox.hang_up = ""
    assert post.run(job_id, mailbox) is None
    assert len(mailbox.messages) == kept


def test_taking_a_lost_connection_for_a_refusal_would_send_the_letter_twice(
    post: Post, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    from parlour.mail import sending

    def careless(*given: object) -> None:
        try:
            deliver(*given)
        except OSError as error:
            raise NotSent(str(error)) from error

    deliver = sending.deliver
    monkeypatch.setattr(sending, "deliver", careless)
    mailbox.hang_up, mailbox.kept = "data", True
    job_id = post.ask()
    assert post.run(job_id, mailbox) == "waiting"
    mailbox.hang_up = ""
    assert post.run(job_id, mailbox) == "done"
    assert len(mailbox.messages) == 2
    # What a mailbox can still tell a second copy by.
    assert mailbox.messages[0]["message-id"] == mailbox.messages[1]["message-id"]


# ---- the parts, which need no database


@pytest.fixture
def plain() -> Settings:
    return Settings(Path(), "", "", url="https://salon.example:8443")


@pytest.mark.parametrize(
    "text", ["Anna\r\nBcc: thief@example.com", "Anna\nX: 1", "A\x0bB\x85C\u2028D", "a" * 5000]
)
def test_nothing_that_people_typed_makes_a_header_of_its_own(plain: Settings, text: str) -> None:
    letter = replace(
        LETTER, to_name=text, sender=text, subject=_("Password for ${name}", mapping={"name": text})
    )
    written = compose(letter, plain, "k").as_bytes().split(b"\n\n")[0]
    names = [line.partition(b":")[0] for line in written.splitlines() if not line.startswith((b" ", b"\t"))]
    assert sorted(names) == sorted(
        [
            b"From",
            b"To",
            b"Subject",
            b"Date",
            b"Message-ID",
            b"Auto-Submitted",
            b"MIME-Version",
            b"Content-Type",
        ]
    )


def test_an_address_with_a_line_of_its_own_is_none(plain: Settings) -> None:
    with pytest.raises(ValueError, match="CR or LF"):
        compose(replace(LETTER, to="anna@example.com\r\nBcc: thief@example.com"), plain, "k")


def test_letters_come_from_who_is_set_or_who_logs_in_or_nobody(plain: Settings) -> None:
    assert sender_address(plain) == "no-reply@salon.example"
    assert (
        sender_address(replace(plain, mail_url="smtp://desk%40salon.example:x@mail.example"))
        == "desk@salon.example"
    )
    assert sender_address(replace(plain, mail_from="Desk@Салон.рф")) == "Desk@xn--80awgdm.xn--p1ai"
    # Another domain than strasse.de, and perhaps somebody else's.
    assert sender_address(replace(plain, mail_from="desk@straße.de")) == "desk@xn--strae-oqa.de"
    with pytest.raises(Refusal, match="PARLOUR_MAIL_FROM"):
        sender_address(replace(plain, mail_from="desk"))


def test_the_address_of_the_server_is_understood(plain: Settings) -> None:
    def of(url: str) -> mail.MailServer:
        return server_of(replace(plain, mail_url=url))

    assert of("smtp://mail.example").port == 25
    assert of("smtps://mail.example") == mail.MailServer("mail.example", 465, tls=True)
    found = of("smtp+starttls://anna%40x.example:p%2Fs%3As@[::1]:2525/")
    assert (found.host, found.port, found.user, found.password) == ("::1", 2525, "anna@x.example", "p/s:s")
    assert (found.starttls, found.open_password) == (True, False)
    assert of("smtp://anna:secret@mail.example").open_password
    assert "secret" not in repr(of("smtp://anna:secret@mail.example"))


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://a:b:c", "smtp://x/y", "smtp://h:99999"]
)
def test_an_address_that_is_none_says_what_is_wanted(plain: Settings, url: str) -> None:
    with pytest.raises(Refusal, match="smtp://user:password@host:port"):
        server_of(replace(plain, mail_url=url))


def test_without_a_server_no_letter_is_sent_and_the_job_says_so(post: Post, settings: Settings) -> None:
    job_id = post.ask()
    assert run_job(post.engine, job_id, settings=settings) == "failed"
    assert "PARLOUR_MAIL_URL" in post.error(job_id)


def test_an_address_in_other_letters_is_refused_by_a_server_that_cannot_read_it(
    plain: Settings, mail_server: Serve
) -> None:
    from parlour.mail.server import deliver

    modern, old = mail_server(enable_SMTPUTF8=True), mail_server(enable_SMTPUTF8=False)
    letter = compose(replace(LETTER, to="анна@example.com"), plain, "k")
    deliver(server_of(modern.settings(plain)), letter, "a@example.com", "анна@example.com")
    assert modern.recipients == ["анна@example.com"]
    with pytest.raises(Rejected):
        deliver(server_of(old.settings(plain)), letter, "a@example.com", "анна@example.com")


# ---- who we talk to


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's side for 127.0.0.1, and the file by which it is known."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, folder / "cert.pem"


def test_starttls_and_the_log_in_are_used_and_an_unknown_certificate_is_not_trusted(
    plain: Settings,
    mail_server: Serve,
    certificate: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context, known = certificate
    box = mail_server(auth=("desk", "s:cret"), tls_context=context, auth_require_tls=True)
    given = replace(plain, mail_url=f"smtp+starttls://desk:s%3Acret@localhost:{box.port}")
    with pytest.raises(NotSent, match="certificate"), connected(server_of(given)):
        pass
    monkeypatch.setenv("SSL_CERT_FILE", str(known))
    with connected(server_of(given)):
        pass
    wrong = replace(plain, mail_url=f"smtp+starttls://desk:wrong@localhost:{box.port}")
    with pytest.raises(NotSent, match="535"), connected(server_of(wrong)):
        pass


def test_a_server_without_encryption_gets_no_password_where_it_was_asked_for(
    plain: Settings, mail_server: Serve
) -> None:
    seen: list[str] = []
    box = mail_server(auth=("desk", "secret"))
    given = replace(plain, mail_url=f"smtp+starttls://desk:secret@127.0.0.1:{box.port}")
    with pytest.raises(NotSent, match="STARTTLS"), connected(server_of(given)):
        seen.append("let in")
    assert not seen
