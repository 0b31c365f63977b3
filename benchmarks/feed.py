"""A change log of any length for free: Drive's changes.list and nothing else, made up page by page.

The local Drive would need a file for each change, which takes far longer to make than to drain.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit


class _Feed(BaseHTTPRequestHandler):
    """Change number n is that of file n; the cursor is the number of the next one."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    length: ClassVar[int]
    folder: ClassVar[str]

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.endswith("/startPageToken"):
            self._answer({"startPageToken": str(self.length)})
            return
        query = parse_qs(url.query)
        self._answer(self._page(int(query["pageToken"][0]), int(query["pageSize"][0])))

    def _page(self, first: int, size: int) -> dict[str, Any]:
        end = min(first + size, self.length)
        token = "nextPageToken" if end < self.length else "newStartPageToken"
        return {"changes": [self._change(number) for number in range(first, end)], token: str(end)}

    def _change(self, number: int) -> dict[str, Any]:
        time, file_id = "2026-11-23T12:00:00.000Z", f"1file{number:028}"
        file = {
            "id": file_id,
            "name": f"export-{number}.csv",
            "mimeType": "text/csv",
            "parents": [self.folder],
            "version": "7",
            "trashed": False,
            "modifiedTime": time,
            "headRevisionId": f"0B{number:040}",
            "size": "52428800",
            "md5Checksum": "0" * 32,
            "capabilities": {"canDownload": True, "canReadRevisions": True},
        }
        return {
            "changeType": "file",
            "fileId": file_id,
            "removed": False,
            "time": time,
            "file": file,
        }

    def _answer(self, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (stdlib's signature)
        """Quiet."""


@contextmanager
def running_feed(length: int, folder: str) -> Iterator[str]:
    """The root of a Drive whose change log has so many changes of files in a folder."""
    words = ["--length", str(length), "--folder", folder]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.feed", *words], stdout=subprocess.PIPE
    )
    assert process.stdout
    with process:
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def serve(length: int, folder: str) -> None:
    """Until it is killed; the port is the only line of output."""
    _Feed.length, _Feed.folder = length, folder
    with ThreadingHTTPServer(("127.0.0.1", 0), _Feed) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--length", type=int, required=True)
    parser.add_argument("--folder", required=True)
    options = parser.parse_args()
    serve(options.length, options.folder)
