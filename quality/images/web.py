"""One photo from the web, within limits: so many bytes, in so many seconds, and from no address of an inner network.

Sellers write the URLs, and the worker that reads them stands inside: without the last limit a listing could name the
worker's own services and get their answers kept.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

AGENT = "eclip"
HOPS = 5  # redirects that are followed
MOVED = (301, 302, 303, 307, 308)
CHUNK = 1 << 16
SAFE = "%/:;=@&?!$'()*+,~[]"  # stays as it is in paths and queries


class NoPhotoError(Exception):
    """Say in a few words why a photo's bytes are not to be had; `again`: asking again may help."""

    def __init__(self, reason: str, again: bool = False) -> None:
        super().__init__(reason)
        self.again = again


def get(url: str, limit: int, seconds: float, inner: Callable[[str], bool]) -> bytes:
    """Read what a URL gives.

    Args:
        url: http or https; what a URL cannot hold is encoded, what is encoded already is left alone.
        limit: Bytes; a longer answer is refused.
        seconds: For the whole of it, redirects included.
        inner: Whether this URL may lie on an address that is not public.

    Raises:
        NoPhotoError: nothing whole came, or it may not be asked for.
    """
    deadline = time.monotonic() + seconds
    try:
        for _ in range(1 + HOPS):
            url = encoded(url)
            request = urllib.request.Request(url, headers={"User-Agent": AGENT})
            try:
                with _opener(_Handler(deadline, inner(url))).open(request, timeout=_left(deadline)) as response:
                    return _body(response, limit)
            except urllib.error.HTTPError as answer:
                place = answer.headers.get("Location")
                answer.close()
                if answer.code not in MOVED or not place:
                    temporary = answer.code >= 500 or answer.code == 429
                    raise NoPhotoError(f"the URL answers {answer.code} {answer.reason}", again=temporary) from None
                url = urljoin(url, place)
        raise NoPhotoError(f"the URL redirects more than {HOPS} times")
    except TimeoutError:
        raise NoPhotoError(f"the URL gives no whole answer within {seconds:g} s", again=True) from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise NoPhotoError(f"the URL does not answer within {seconds:g} s", again=True) from None
        raise NoPhotoError(f"the URL does not answer: {error.reason}", again=True) from None
    except (http.client.InvalidURL, ValueError) as error:
        raise NoPhotoError(f"not a URL that can be read: {error}") from None
    except (http.client.HTTPException, OSError) as error:
        raise NoPhotoError(f"the URL breaks off: {error or type(error).__name__}", again=True) from None


def encoded(url: str) -> str:
    """Write a URL as it goes over the wire: the host by IDNA, other characters in percent; user and fragment fall away.

    Raises:
        ValueError: it is neither http nor https, or names no host.

    >>> encoded("https://Bücher.example:80/größe 1%20a 100%.jpg?x=가#top")
    'https://xn--bcher-kva.example:80/gr%C3%B6%C3%9Fe%201%20a%20100%25.jpg?x=%EA%B0%80'
    """
    parts = urlsplit(url.strip())
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(f"'{url[:200]}' is no http or https address of a host")
    host = f"[{host}]" if ":" in host else host.encode("idna").decode()
    place = host if parts.port is None else f"{host}:{parts.port}"
    return urlunsplit((parts.scheme, place, _percent(parts.path), _percent(parts.query), ""))


def _percent(text: str) -> str:
    return quote(re.sub("%(?![0-9A-Fa-f]{2})", "%25", text), safe=SAFE)


def _body(response: http.client.HTTPResponse, limit: int) -> bytes:
    data = bytearray()
    while chunk := response.read(CHUNK):
        data += chunk
        if len(data) > limit:
            raise NoPhotoError(f"the URL gives more than image.max_mb {limit / 1e6:g} MB")
    if response.length:
        raise http.client.IncompleteRead(bytes(data), response.length)
    return bytes(data)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _opener(handler: _Handler) -> urllib.request.OpenerDirector:
    # No handler that opens files or FTP, or that follows redirects by itself.
    opener = urllib.request.OpenerDirector()
    for each in (
        urllib.request.ProxyHandler(),
        handler,
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(each)
    return opener


class _Handler(urllib.request.HTTPHandler):
    """Open http and https by connections that keep the limits."""

    def __init__(self, deadline: float, inner: bool) -> None:
        super().__init__()
        self.deadline, self.inner = deadline, inner

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self._open(_Plain, request)

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self._open(_Encrypted, request, context=_trust())

    https_request = urllib.request.HTTPHandler.http_request

    def _open(self, kind: type[_Plain], request: urllib.request.Request, **more: Any) -> http.client.HTTPResponse:
        # A proxy lies on the inner network as it should, and decides itself whom it asks.
        proxied = request.host != urlsplit(request.full_url).netloc

        def connection(host: str, /, **options: Any) -> _Plain:
            made = kind(host, **options, **more)
            made.deadline, made.inner = self.deadline, self.inner or proxied
            return made

        return self.do_open(connection, request)


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Plain(http.client.HTTPConnection):
    """A connection to a public address, whose answer must be whole by a deadline."""

    deadline: float
    inner: bool

    def connect(self) -> None:
        if not self.inner:
            for *_, address in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
                _refuse_inner(self.host, str(address[0]))
        super().connect()
        if not self.inner:  # the name may have been resolved to another address than a moment ago
            _refuse_inner(self.host, self.sock.getpeername()[0])

    def response_class(self, sock: socket.socket, *arguments: Any, **options: Any) -> http.client.HTTPResponse:  # type: ignore[override]
        return _Answer(self.deadline, sock, *arguments, **options)


class _Encrypted(_Plain, http.client.HTTPSConnection):
    """The same over TLS."""


def _refuse_inner(host: str, address: str) -> None:
    found = ipaddress.ip_address(address.partition("%")[0])
    if not found.is_global or found.is_multicast:
        raise NoPhotoError(f"{host} is {found}, no public address; if photos lie there, add its URL to image.allow, or "
                           f"give a frame their bytes")  # fmt: skip


class _Answer(http.client.HTTPResponse):
    """An answer read up to a deadline: a socket's own time-out begins anew with every byte that drips."""

    def __init__(self, deadline: float, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock, deadline))


class _Timed(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        self.raw, self.sock, self.deadline = raw, sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self.sock.settimeout(_left(self.deadline))
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()
        super().close()
