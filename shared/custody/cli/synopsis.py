"""Options that a synopsis writes as `--source S...`."""

import click


class RepeatedOptions(click.Command):
    """Takes `--source a b` for `--source a --source b`, once all arguments are given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self._spread(args))

    def _spread(self, args: list[str]) -> list[str]:
        options = {
            name: param
            for param in self.params
            if isinstance(param, click.Option)
            for name in param.opts
        }
        open_arguments = sum(isinstance(param, click.Argument) for param in self.params)
        spread: list[str] = []
        last: click.Option | None = None
        takes_next = False
        for arg in args:
            if arg.startswith("-"):
                last = options.get(arg)
                takes_next = last is not None and not last.is_flag
            elif takes_next:
                takes_next = False
            elif last is not None and last.multiple and open_arguments == 0:
                spread.append(last.opts[0])
            else:
                open_arguments -= 1
            spread.append(arg)
        return spread
