"""Errors, sorted by what the caller does next. Messages name input, cause and remedy."""


class CustodyError(Exception):
    """Whatever Custody raises on purpose."""


class RetryableError(CustodyError):
    """Deliver again: the same call may succeed later."""


class UnavailableError(RetryableError):
    """A service did not answer, or answered with a server error."""


class RateLimitedError(RetryableError):
    """A service asked us to slow down."""


class ConflictError(RetryableError):
    """Somebody else wrote first; read again and decide again."""


class TornReadError(RetryableError):
    """What was read does not match its size or checksum; nothing was stored."""


class DeadlineError(RetryableError):
    """The writer ran out of time before the last byte; nothing was stored."""


class TooEarlyError(RetryableError):
    """What must come first is not over yet: a writer may still be at work."""


class StillThereError(RetryableError):
    """What was deleted is still to be seen: delete again, look again."""


class MissingKeysetError(RetryableError):
    """The epoch's keyset cannot be had: stop, alert, never create one."""


class BadCallError(CustodyError):
    """A service says that our call makes no sense: a bug. It escapes, as every bug does."""


class PermanentError(CustodyError):
    """Record it and move on: delivering again cannot help."""


class MalformedEventError(PermanentError):
    """A message that is not what its topic promises."""


class NotFoundError(PermanentError):
    """What was asked for does not exist, or we may not see it."""


class AlreadyExistsError(PermanentError):
    """A create-only name is taken."""


class RefusedError(PermanentError):
    """A rule of custody forbids this."""


class CorruptError(PermanentError):
    """Stored bytes do not match what their record promises."""
