"""The address of a service, checked where it is given: later a wrong one looks like an outage."""

from urllib.parse import urlsplit

from ratchet.kernel.errors import InvalidInput


def base_address(url: str) -> str:
    """Return a base address without its last slash.

    Raises: InvalidInput.
    """
    if not _is_address(url):
        raise InvalidInput(
            f"{url!r} is no address of a service", field="base_url", mend="like https://host"
        )
    return url.rstrip("/")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # no port, or no address in its brackets
        return False
    plain = url.isprintable() and not (parts.query or parts.fragment or " " in url)
    return named and plain and parts.scheme in ("http", "https")
