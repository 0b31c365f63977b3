"""The least that a function can be."""

import flask
import functions_framework


@functions_framework.http
def hello(_: flask.Request) -> tuple[str, int]:
    return "", 204
