"""What is said over SMTP: RFC 5321, by aiosmtpd; how Gmail answers to it."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

from localcloud.faults import Faults, Rule
from localcloud.gmail import arrivals, mailboxes
from localcloud.gmail.arrivals import Arrival
from localcloud.gmail.session import Session as Work
from localcloud.gmail.store import Store

LARGEST = 25 << 20
"""Bytes of a message as it is sent."""

_LONGEST_LINE = 2 * LARGEST


def converse(listening: socket.socket, ear: socket.socket, store: Store, faults: Faults) -> None:
    """Takes mail until something is heard."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # it would tell addresses
    asyncio.run(_serve(listening, ear, Postman(store, faults)))


class Line(SMTP):
    """One conversation. Programs send lines of any length, and line feeds alone between them."""

    line_length_limit = _LONGEST_LINE


async def _serve(listening: socket.socket, ear: socket.socket, postman: "Postman") -> None:
    loop = asyncio.get_running_loop()
    lines: WeakSet[Line] = WeakSet()

    def answer() -> Line:
        line = Line(
            postman,
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            hostname=arrivals.HOST,
            ident="ESMTP of the local cloud",
            loop=loop,
        )
        lines.add(line)
        return line

    server = await loop.create_server(answer, sock=listening)
    ear.setblocking(False)
    await loop.sock_recv(ear, 1)
    server.close()
    for line in lines:
        hang_up(line)


def hang_up(line: SMTP) -> None:
    """Without another word."""
    if isinstance(line.transport, asyncio.WriteTransport):
        line.transport.abort()


class Postman:
    """aiosmtpd asks it about each step."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session
        if not await asyncio.to_thread(self._is_ours, address):
            return "550 5.1.1 The email account that you tried to reach does not exist"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    def _is_ours(self, address: str) -> bool:
        box = mailboxes.mailbox_of(address)
        return self._store.look(lambda work: mailboxes.is_ours(work, box))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """A fault named `smtp.data` answers an error, waits, loses, doubles, or hangs up."""
        found = list(_arrivals(session, envelope))
        rule = self._faults.take("smtp.data", found[0].target)
        if rule and rule.delay_seconds is not None:
            await asyncio.sleep(rule.delay_seconds)
        if rule and rule.status is not None:
            return f"{rule.status} {rule.message}"
        for _ in range(_copies(rule)):
            await asyncio.to_thread(self._accept, found)
        if rule and rule.cut is not None:
            hang_up(server)
        return "250 2.0.0 OK"

    def _accept(self, found: list[Arrival]) -> None:
        """All copies or none."""

        def work(session: Work) -> None:
            for arrival in found:
                arrivals.accept(session, arrival)

        self._store.write(mailboxes.mailbox_of(found[0].recipient), work)


def _arrivals(session: Session, envelope: Envelope) -> Iterator[Arrival]:
    raw = envelope.content
    assert isinstance(raw, bytes)  # noqa: S101 (for mypy: we ask aiosmtpd for bytes)
    for recipient in envelope.rcpt_tos:
        yield Arrival(
            sender=envelope.mail_from or "",
            recipient=recipient,
            raw=raw,
            greeting=session.host_name or "",
        )


def _copies(rule: Rule | None) -> int:
    """How often a message is put into its mailboxes."""
    if rule is None:
        return 1
    return 0 if rule.drop or rule.cut == "before" else 2 if rule.double else 1
