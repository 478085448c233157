"""A Cloud Storage of one process: as much of its JSON API as the client's calls here need."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import google_crc32c

from ratchet.kernel.clock import Clock

BUCKET = "blobs-of-a-test"
_ASIDE = f"/storage/v1/b/{BUCKET}"  # the client looks at the bucket on the side, when it likes
PAGE = 2  # objects in one page of a listing


def crc32c(data: bytes) -> str:
    """Return a checksum as Google writes it."""
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


@dataclass
class Held:
    """One object: its bytes, its generation, and when it changed last."""

    data: bytes
    generation: int
    updated: datetime
    metageneration: int = 1


@dataclass
class Bucket:
    """The objects of a bucket, what was asked of it, and how its next answers fail."""

    clock: Clock
    objects: dict[str, Held] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    # (method, status): the next such request is done, and then answered with the status.
    lost: list[tuple[str, int]] = field(default_factory=list)
    denied: int = 0
    uploads: dict[str, dict[str, str]] = field(default_factory=dict)
    lock: Any = field(default_factory=Lock)
    made: int = 0

    def put(self, name: str, data: bytes, match: str | None) -> tuple[int, Any]:
        found = self.objects.get(name)
        if match is not None and int(match) != (found.generation if found else 0):
            return 412, _error(412, "conditionNotMet")
        self.made += 1
        self.objects[name] = Held(data, self.made, self.clock())
        return 200, self.shown(name)

    def patch(self, name: str) -> tuple[int, Any]:
        found = self.objects.get(name)
        if found is None:
            return 404, _error(404, f"No such object: {name}")
        found.metageneration += 1
        found.updated = self.clock()
        return 200, self.shown(name)

    def delete(self, name: str, query: dict[str, str]) -> tuple[int, Any]:
        found = self.objects.get(name)
        if found is None:
            return 404, _error(404, f"No such object: {name}")
        wanted = query.get("ifGenerationMatch"), query.get("ifMetagenerationMatch")
        if any(w and int(w) != n for w, n in zip(wanted, _numbers(found), strict=True)):
            return 412, _error(412, "conditionNotMet")
        del self.objects[name]
        return 204, None

    def shown(self, name: str) -> dict[str, Any]:
        held = self.objects[name]
        generation, metageneration = map(str, _numbers(held))
        return {
            "kind": "storage#object",
            "name": name,
            "bucket": BUCKET,
            "size": str(len(held.data)),
            "crc32c": crc32c(held.data),
            "generation": generation,
            "metageneration": metageneration,
            "updated": held.updated.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }

    def listed(self, query: dict[str, str]) -> dict[str, Any]:
        after, prefix = query.get("pageToken", ""), query.get("prefix", "")
        names = sorted(n for n in self.objects if n.startswith(prefix) and n > after)
        answer: dict[str, Any] = {"items": [self.shown(name) for name in names[:PAGE]]}
        return answer | {"nextPageToken": names[PAGE - 1]} if len(names) > PAGE else answer


def _numbers(held: Held) -> tuple[int, int]:
    return held.generation, held.metageneration


def _error(code: int, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


class _Handler(BaseHTTPRequestHandler):
    """Answers for the bucket that its server holds."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def _serve(self) -> None:
        bucket: Bucket = self.server.bucket  # type: ignore[attr-defined]
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with bucket.lock:
            if url.path != _ASIDE:
                bucket.asked.append(self.command)
            if bucket.denied:
                self._answer(bucket.denied, _error(bucket.denied, "denied"))
                return
            status, answer = self._act(bucket, unquote(url.path), query, body)
            if bucket.lost and bucket.lost[0][0] == self.command:
                status = bucket.lost.pop(0)[1]
                answer = _error(status, "lost on its way")
        self._answer(status, answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _act(
        self, bucket: Bucket, path: str, query: dict[str, str], body: bytes
    ) -> tuple[int, Any]:
        if path == _ASIDE:
            return 200, {"kind": "storage#bucket", "name": BUCKET}
        named = re.fullmatch(r"/(?:upload/|download/)?storage/v1/b/([^/]+)/o/?(.*)", path)
        assert named, path
        if named[1] != BUCKET:
            return 404, _error(404, "The specified bucket does not exist.")
        name = named[2]
        if self.command == "POST":
            return self._upload(bucket, query, body)
        if self.command == "PUT":
            begun = bucket.uploads[query["upload_id"]]
            return bucket.put(begun["name"], body, begun.get("match"))
        if self.command == "PATCH":
            return bucket.patch(name)
        if self.command == "DELETE":
            return bucket.delete(name, query)
        if not name:
            return 200, bucket.listed(query)
        if name not in bucket.objects:
            return 404, _error(404, f"No such object: {name}")
        raw = query.get("alt") == "media"
        return 200, bucket.objects[name].data if raw else bucket.shown(name)

    def _upload(self, bucket: Bucket, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        match = query.get("ifGenerationMatch")
        if query["uploadType"] == "resumable":
            begun = {"name": json.loads(body)["name"]} | ({"match": match} if match else {})
            token = str(len(bucket.uploads))
            bucket.uploads[token] = begun
            self.location = (
                f"http://{self.headers['Host']}{urlsplit(self.path).path}?upload_id={token}"
            )
            return 200, {}
        boundary = re.search(
            r'boundary="?([^";]+)"?', self.headers["Content-Type"].replace("'", "")
        )
        assert boundary
        _, meta, media, _ = body.split(b"--" + boundary[1].encode())
        told = json.loads(meta.partition(b"\r\n\r\n")[2])
        data = media.partition(b"\r\n\r\n")[2][:-2]
        if told["crc32c"] != crc32c(data):
            return 400, _error(400, "the checksum is another")
        return bucket.put(told["name"], data, match)

    def _answer(self, status: int, answer: Any) -> None:
        raw = answer if isinstance(answer, bytes) else b"" if answer is None else _json(answer)
        self.send_response(status)
        if isinstance(answer, bytes):
            self.send_header("X-Goog-Hash", f"crc32c={crc32c(answer)}")
        if location := self.__dict__.pop("location", None):
            self.send_header("Location", location)
        kind = "application/octet-stream" if isinstance(answer, bytes) else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def _json(answer: Any) -> bytes:
    return json.dumps(answer).encode()


@contextmanager
def serving(clock: Clock) -> Iterator[tuple[str, Bucket]]:
    """Serve an empty bucket; yields the address for STORAGE_EMULATOR_HOST, and what it holds."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.bucket = bucket = Bucket(clock)  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
