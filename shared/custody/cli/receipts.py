"""Signed statements of what was erased, for people who need not trust us."""

import json
from typing import IO, Any

import click

from custody.cli.output import format_option, rfc3339, show_one
from custody.domain.receipt import TYP
from custody.errors import CorruptError, NotFoundError


@click.group(help=__doc__)
def receipts() -> None:
    pass


@receipts.command()
@click.argument("erasure", metavar="E")
@format_option()
def get(erasure: str, form: str) -> None:
    """Print the newest receipt of an erasure, as a compact JWS."""
    from custody.cli.erasure_view import erasure_of, look_at
    from custody.cli.world import connect

    world = connect()
    standing = look_at(world, erasure_of(world, erasure))
    receipt = world.books.receipts.last(standing.erasure.erasure)
    if receipt is None:
        raise NotFoundError(
            f"{standing.erasure.erasure} has no receipt yet: it is {standing.state}"
        )
    if form == "table":
        click.echo(receipt.jws)
        return
    row = {
        "erasure": receipt.erasure,
        "number": receipt.number,
        "issued_at": rfc3339(receipt.issued_at),
        "jws": receipt.jws,
    }
    show_one(row, form)


@receipts.command("keys")
@format_option()
def show_keys(form: str) -> None:  # noqa: ARG001 - a JWKS is JSON in either
    """Print the public keys that receipts are checked with, as JWKS."""
    click.echo(json.dumps(_our_keys(), indent=2))


@receipts.command()
@click.argument("receipt", type=click.File("rb"), metavar="FILE")
@click.option(
    "--jwks",
    type=click.File("rb"),
    metavar="FILE",
    help="The public keys; then nothing else is needed, neither settings nor network.",
)
@format_option()
def verify(receipt: IO[bytes], jwks: IO[bytes] | None, form: str) -> None:
    """Check a receipt; '-' reads standard input."""
    keys = _keys_in(jwks) if jwks else _our_keys()
    try:
        claims = _claims(receipt.read(), keys)
    except CorruptError:
        show_one({"valid": False, "erasure": None, "issued_at": None}, form)
        raise
    told = {"erasure": claims["erasure"], "issued_at": claims["issued_at"]}
    show_one({"valid": True} | told, form)


def _our_keys() -> dict[str, Any]:
    from custody.cli.world import connect

    return connect().signer.keys()


def _keys_in(file: IO[bytes]) -> dict[str, Any]:
    try:
        keys = json.loads(file.read())
    except ValueError:
        keys = None
    if isinstance(keys, dict) and isinstance(keys.get("keys"), list):
        return keys
    raise click.BadParameter("this is no JWKS: 'custody receipts keys' prints one")


def _claims(text: bytes, keys: dict[str, Any]) -> dict[str, Any]:
    """What a receipt says. CorruptError unless one of these keys signed it."""
    from custody.adapters.signing import verify as payload_of

    payload = payload_of(text.decode(errors="replace").strip(), keys, TYP)
    claims: dict[str, Any] = json.loads(payload)
    return claims
