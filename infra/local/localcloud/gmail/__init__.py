"""Gmail v1 of the local cloud, with an SMTP port.

Doors for tests: `POST /_messages/{mailbox}` puts a message in as it is, `DELETE
/_history/{mailbox}` makes every history id too old, `GET /_smtp` tells where mail is taken.

Faults by the ids of Google's methods, and by names of our own: `push` (drop, double, delay),
`historyLag` (delay), `withoutEffect` (drop); for arriving mail `smtp.data` (status, delay, drop,
double, cut) and, each with drop, `dmarcPass`, `dmarcFail`, `dmarcNone`, `withoutVerdict`,
`markedAsSpam`.

Not here, and answered 501: threads, drafts, settings, changes of labels. Of SMTP, neither TLS nor
log-in; whoever connects is believed. Mail to addresses elsewhere goes nowhere.
"""

from localcloud.gmail.server import GmailServer

__all__ = ["GmailServer"]
