"""Messages that were given up after many attempts."""

import click

from custody.cli.output import dry_run_option, format_option, show_rows
from custody.cli.world import connect
from custody.domain.topology import TOPICS

COLUMNS = ("topic", "messages")


@click.group("dead-letters", help=__doc__)
def dead_letters() -> None:
    pass


@dead_letters.command("ls")
@format_option()
def list_counts(form: str) -> None:
    """Count them by topic; topics without any are left out."""
    with connect().open_queues() as queues:
        _show(queues.count_dead_letters(), form)


@dead_letters.command()
@click.argument("topic", type=click.Choice(TOPICS), required=False)
@dry_run_option
@format_option()
def replay(topic: str | None, *, dry_run: bool, form: str) -> None:
    """Send them to their topics again: what failed for a passing reason now succeeds."""
    wanted = (topic,) if topic else TOPICS
    with connect().open_queues() as queues:
        counts = queues.count_dead_letters()
        replayed = {one: counts[one] for one in wanted if counts[one]}
        if not dry_run:
            replayed = {one: queues.replay(one, count) for one, count in replayed.items()}
    _show(replayed, form, dry_run=dry_run)


def _show(counts: dict[str, int], form: str, *, dry_run: bool = False) -> None:
    rows = [{"topic": topic, "messages": count} for topic, count in counts.items() if count]
    show_rows([row | {"dry_run": True} for row in rows] if dry_run else rows, form, COLUMNS)
