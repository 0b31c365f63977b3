"""How a command fails: code, cause and remedy on standard error, and a number for scripts."""

import errno
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from custody import errors

FORMAT = "custody.format"
"""Where the chosen format stands in the context, for whoever reports an error."""
INTERRUPTED = 130


class PartialError(errors.CustodyError):
    """Some of it was done and some could not be, for now."""


class UnwellError(errors.CustodyError):
    """The doctor found something wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """Errors that a person answers in the same way."""

    kind: type[Exception]
    exit_code: int
    remedy: str


def _families() -> tuple[_Family, ...]:
    """The first that fits counts."""
    from custody.settings import SettingError

    return (
        _Family(kind=SettingError, exit_code=2, remedy='run eval "$(custody env)", or set it'),
        _Family(kind=PartialError, exit_code=3, remedy="run the same command again for the rest"),
        _Family(
            kind=errors.NotFoundError,
            exit_code=4,
            remedy="look it up: every noun has the verb 'ls'",
        ),
        _Family(
            kind=errors.RetryableError,
            exit_code=5,
            remedy="try again in a moment; 'custody doctor' shows what is wrong",
        ),
        _Family(
            kind=errors.CorruptError,
            exit_code=7,
            remedy="keep it as it is, and look for an undamaged copy",
        ),
        _Family(
            kind=errors.PermanentError,
            exit_code=6,
            remedy="the same request will be refused again: change it",
        ),
        _Family(kind=UnwellError, exit_code=1, remedy="each of them names its remedy"),
        _Family(kind=errors.CustodyError, exit_code=1, remedy="'custody doctor' shows more"),
    )


def code_of(error: BaseException) -> str:
    """`NotFoundError` is NOT_FOUND."""
    name = type(error).__name__.removesuffix("Error")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper() or "ERROR"


@contextmanager
def failing_well(ctx: click.Context) -> Iterator[None]:
    """Tells whatever custody raises on purpose, and ends; a bug keeps its traceback."""
    try:
        yield
    except errors.CustodyError as error:
        family = next(one for one in _families() if isinstance(error, one.kind))
        _tell(ctx, code_of(error), str(error), family.remedy)
        ctx.exit(family.exit_code)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "custody"
        _tell(ctx, "USAGE", error.format_message().rstrip("."), f"see '{where} --help'")
        ctx.exit(error.exit_code)
    except KeyboardInterrupt:
        _tell(ctx, "INTERRUPTED", "interrupted", "run the same command again to go on")
        ctx.exit(INTERRUPTED)
    except OSError as error:
        if error.errno == errno.EPIPE:  # whoever reads our output had enough: click's business
            raise
        _tell(ctx, "FILE", str(error), "check the path, its rights and the space that is left")
        ctx.exit(1)


def _tell(ctx: click.Context, code: str, message: str, remedy: str) -> None:
    """A line for people and, where JSON was asked for, the same as an object."""
    click.echo(f"error: {code}: {message}; {remedy}", err=True)
    if ctx.meta.get(FORMAT) in ("json", "jsonl"):
        error = {"code": code, "message": message, "remedy": remedy}
        click.echo(json.dumps({"error": error}), err=True)
