"""A table on its first day and on its second: some rows edited, some gone, some new."""

from collections.abc import Callable

from examples.synthetic.market import Row

ROWS_NEW_ON_THE_SECOND_DAY = 4


def first_day(rows: list[Row]) -> list[Row]:
    return rows[:-ROWS_NEW_ON_THE_SECOND_DAY]


def second_day(rows: list[Row], edit: Callable[[Row], Row]) -> list[Row]:
    return [row for i, row in enumerate(edited(rows, edit)) if i % 37 != 11]


def edited(rows: list[Row], edit: Callable[[Row], Row]) -> list[Row]:
    """The same rows, a few of them changed."""
    return [edit(row) if i % 19 == 4 else row for i, row in enumerate(rows)]
