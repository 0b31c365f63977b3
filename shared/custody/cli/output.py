"""What commands print: one JSON document or a table on standard output, hints on standard error."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from custody.cli.failures import FORMAT

Row = Mapping[str, Any]
F = TypeVar("F", bound=Callable[..., Any])


def format_option(*, lines: bool = False) -> Callable[[F], F]:
    """`--format`, for a verb that prints data; `lines` for those that take long."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["table", "json", "jsonl"] if lines else ["table", "json"]),
        default="table",
        show_default=True,
        is_eager=True,  # so that it is known to whoever reports that another option is wrong
        callback=_remember,
    )


def _remember(ctx: click.Context, _: click.Parameter, value: str) -> str:
    ctx.meta[FORMAT] = value
    return value


def dry_run_option(function: F) -> F:
    """`--dry-run`, for a verb that writes."""
    option = click.option(
        "--dry-run", is_flag=True, help="Say what would be done and write nothing."
    )
    return option(function)


def show_rows(rows: Iterable[Row], form: str, columns: Sequence[str]) -> None:
    """A list; the table has these columns alone."""
    found = list(rows)
    if form == "json":
        click.echo(json.dumps(found, indent=2))
    elif sys.stdout.isatty():
        _show_rich(found, columns)
    else:
        _show_plain(found, columns)


def show_one(row: Row, form: str) -> None:
    """One thing: a JSON object, or a line for each of its parts."""
    if form == "json":
        click.echo(json.dumps(row, indent=2))
        return
    width = max(map(len, row))
    for name, value in row.items():
        click.echo(f"{name:<{width}}  {_cell(value)}")


def show_summary(row: Row, form: str) -> None:
    """The end of a verb that takes long."""
    if form == "jsonl":
        show_line("summary", **row)
    else:
        show_one(row, form)


def show_line(kind: str, **fields: Any) -> None:
    """One JSON line of a verb that takes long."""
    click.echo(json.dumps({"type": kind, **fields}))


def hint(text: str) -> None:
    """Something for people, which no script reads."""
    click.echo(text, err=True)


def rfc3339(moment: datetime) -> str:
    """To the microsecond, so that `--at` takes exactly what was printed."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _show_rich(rows: list[Row], columns: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row[column])) for column in columns))
    Console().print(table)


def _show_plain(rows: list[Row], columns: Sequence[str]) -> None:
    cells = [list(columns), *([_cell(row[column]) for column in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        padded = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _cell(value: Any) -> str:
    """File names are customers' words: nothing in them may steer the terminal."""
    if value is None:
        return "-"
    if isinstance(value, list):
        return ", ".join(map(_cell, value)) or "-"
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_cell(part)}" for name, part in value.items())
    return "".join(character if character.isprintable() else "?" for character in str(value))
