"""Send a request out into the world: HTTPS, to public addresses, and to no other than was checked.

The address is set by whoever may set the environment, and its name by whoever has the domain: a
name that leads inside would make Ratchet ask its own network for them.
"""

import ipaddress
import queue
import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ratchet.govern.sinks.sink import Post
from ratchet.kernel.errors import Misconfigured, RatchetError, Unavailable

if TYPE_CHECKING:
    import httpx

SECONDS = 5.0  # to connect, to write, and for each part of the answer
ALTOGETHER = 15.0  # with the name's look-up, however slowly the answer drips
Resolve = Callable[[str, int], Sequence[str]]
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")  # a name or an address, also of IPv6
# Of IPv6 only this is handed out; what else looks global leads to IPv4 by another door.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")


def look_up(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Say whether an address is of the public internet, so of nobody's inside.

    >>> [is_public(a) for a in ("93.184.215.14", "169.254.169.254", "::ffff:10.0.0.1")]
    [True, False, False]
    """
    ip = ipaddress.ip_address(address)
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    return ip.version == 4 or (ip in _GLOBAL_V6 and ip not in _SIX_TO_FOUR)


@dataclass(frozen=True)
class Network:
    """How names become addresses, and which of them are asked; tests have a loopback of theirs."""

    resolve: Resolve = look_up
    allows: Callable[[str], bool] = is_public
    schemes: tuple[str, ...] = ("https",)
    seconds: float = SECONDS
    altogether: float = ALTOGETHER


PUBLIC = Network()


def send(post: Post, network: Network = PUBLIC) -> int:
    """Send a request and return the status of its answer, of which nothing else is read.

    Raises: Misconfigured for an address that is not asked, Unavailable.
    """
    answer: queue.SimpleQueue[int | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(_sent(post, network))
        except Exception as error:
            answer.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answer.get(timeout=network.altogether)
    except queue.Empty:
        raise Unavailable("it does not answer in time", mend="it is told again later") from None
    if isinstance(found, Exception):
        raise found
    return found


def _sent(post: Post, network: Network) -> int:
    """Send it to the address that was checked, under the name that was asked for."""
    import httpx

    url = _address(post.url, network)
    ip = _checked(url, network)
    pinned = url.copy_with(host=ip)
    headers = {**post.headers, "Host": url.netloc.decode(), "User-Agent": "ratchet"}
    named = {"sni_hostname": url.raw_host.decode()}
    try:
        with (
            httpx.Client(trust_env=False, timeout=network.seconds) as client,
            client.stream(
                "POST", pinned, content=post.body, headers=headers, extensions=named
            ) as answer,
        ):
            return answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        told = f"it does not answer: {type(error).__name__}"
        raise Unavailable(told, mend="it is told again later") from None  # it may name the address
    except UnicodeError:
        told = "its key holds what no header may"
        raise Misconfigured(told, mend="set its variable to plain ASCII") from None


def _address(text: str, network: Network) -> "httpx.URL":
    """Return an address that may be asked; what it is instead is not told, it is a secret.

    Raises: Misconfigured.
    """
    import httpx

    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError, ValueError):
        raise _not_asked("its address is none") from None
    named = _HOST.fullmatch(url.raw_host.decode()) and (url.port or 443) in range(1, 65536)
    if url.scheme not in network.schemes or not named:
        raise _not_asked("its address is no https address")
    if url.userinfo:
        raise _not_asked("its address has a name or a password in it")
    return url


def _checked(url: "httpx.URL", network: Network) -> str:
    """Return an address of a name, if each that it has is public.

    Raises: Misconfigured, Unavailable.
    """
    try:
        found = network.resolve(url.raw_host.decode(), url.port or 443)
    except (OSError, UnicodeError):
        raise Unavailable("its name is not found", mend="it is told again later") from None
    try:
        refused = not found or not all(network.allows(address) for address in found)
    except ValueError:
        refused = True
    if refused:
        raise _not_asked("its name leads to an address that is not public")
    return found[0]


def _not_asked(told: str) -> RatchetError:
    return Misconfigured(told, mend="name a public https address in its variable")
