"""The `custody` command: one file a noun, imported only when somebody asks for it."""

from importlib import import_module

import click

from custody.cli.failures import failing_well

NOUNS = {
    "up": "Run custody on a local cloud, in the foreground, until ctrl-C.",
    "env": "Print the settings of the running local cloud.",
    "doctor": "Look at every part and name a remedy for what is wrong.",
    "customers": "Customers and the sources that they share.",
    "holdings": "What is held of one source of one customer.",
    "files": "Files in the Drive folders of holdings.",
    "backups": "Versions: list, read back, restore, verify.",
    "keys": "Wrapped keysets: their off-site copies, and what is put back when they got lost.",
    "recovery": "Restore from S3 with the recovery key alone, for the day without Google.",
    "retention": "For how long versions are kept, and what is let go.",
    "erasures": "Erasures: plan, apply, follow; what was erased never comes back.",
    "receipts": "Signed statements of what was erased, for people who need not trust us.",
    "quarantine": "What was seen and not admitted; a person decides.",
    "watches": "The channels on which Drive rings.",
    "dead-letters": "Messages that were given up after many attempts.",
    "reconcile": "Compare Drive, the vault and the off-site copies.",
    "audit": "The audit trail: what was done, in chains that show every change.",
}


class _Nouns(click.Group):
    """Finds each noun in the file of its name."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(NOUNS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NOUNS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"custody.cli.{name}"), name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(NOUNS.items()))

    def invoke(self, ctx: click.Context) -> object:
        with failing_well(ctx):
            return super().invoke(ctx)


@click.command(cls=_Nouns, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="custody")
def custody() -> None:
    """Keep customers' business data: every version, encrypted, restorable byte for byte.

    Data goes to standard output, progress and hints to standard error. Exit codes: 0 ok, 1 failed,
    2 usage, 3 partial, 4 not found, 5 try again, 6 refused, 7 verification mismatch,
    130 interrupted.
    """


def main() -> None:
    custody(prog_name="custody")
