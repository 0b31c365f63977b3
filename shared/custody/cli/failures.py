"""How a command fails: code, cause and remedy on standard error, and a number for scripts."""

import errno
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import click

from custody import errors

FORMAT = "custody.format"
"""Where the chosen format stands in the context, for whoever reports an error."""
INTERRUPTED = 130


class PartialError(errors.CustodyError):
    """Some of it was done and some could not be, for now."""


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
            remedy="delete nothing; 'custody backups verify' shows how far it goes",
        ),
        _Family(
            kind=errors.PermanentError,
            exit_code=6,
            remedy="the same request will be refused again: change it",
        ),
        _Family(kind=errors.CustodyError, exit_code=1, remedy="'custody doctor' shows more"),
    )


class Failure(click.ClickException):
    """An error as the command shows it: a line for people and, where asked for, JSON."""

    def __init__(
        self, code: str, message: str, remedy: str, *, exit_code: int, as_json: bool
    ) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self._described = {"code": code, "message": message, "remedy": remedy}
        self._as_json = as_json

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo("error: {code}: {message}; {remedy}".format(**self._described), err=True)
        if self._as_json:
            click.echo(json.dumps({"error": self._described}), err=True)


def code_of(error: BaseException) -> str:
    """`NotFoundError` is NOT_FOUND."""
    name = type(error).__name__.removesuffix("Error")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper() or "ERROR"


def describe(error: errors.CustodyError) -> tuple[str, str, str]:
    """Code, cause and remedy."""
    family = next(one for one in _families() if isinstance(error, one.kind))
    return code_of(error), str(error), family.remedy


@contextmanager
def failing_well(ctx: click.Context) -> Iterator[None]:
    """Whatever custody raises on purpose ends as a Failure; a bug keeps its traceback."""
    try:
        yield
    except errors.CustodyError as error:
        family = next(one for one in _families() if isinstance(error, one.kind))
        raise _failure(ctx, code_of(error), str(error), family.remedy, family.exit_code) from error
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "custody"
        remedy = f"see '{where} --help'"
        raise _failure(ctx, "USAGE", error.format_message().rstrip("."), remedy, 2) from error
    except KeyboardInterrupt as error:
        remedy = "run the same command again to go on"
        raise _failure(ctx, "INTERRUPTED", "interrupted", remedy, INTERRUPTED) from error
    except OSError as error:
        if error.errno == errno.EPIPE:  # whoever reads our output had enough: click's business
            raise
        remedy = "check the path, its rights and the space that is left"
        raise _failure(ctx, "FILE", str(error), remedy, 1) from error


def _failure(
    ctx: click.Context, code: str, message: str, remedy: str, exit_code: int
) -> Failure:
    as_json = ctx.meta.get(FORMAT) in ("json", "jsonl")
    return Failure(code, message, remedy, exit_code=exit_code, as_json=as_json)
