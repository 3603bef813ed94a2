"""Letters by e-mail: what stands in them, how they look, and the server that takes them.

    letter = Letter(to="anna@example.com", subject=_("..."), lines=[_("...")], action=Action(_("..."), address))
    send(job, letter)

Only jobs send, on the queue "mail": a slow server delays nobody, and a letter is handed over at most once.
"""

from parlour.mail.letters import Action, Attachment, Letter
from parlour.mail.sending import send
from parlour.mail.server import MailServer, is_on

__all__ = ["Action", "Attachment", "Letter", "MailServer", "is_on", "send"]
