"""Which addresses of this machine browsers are told for the media itself (ICE host candidates)."""

from __future__ import annotations

import ipaddress

import aioice.ice


def announce(address: str) -> None:
    """Tells browsers this one address only, or all of this machine.

    Args:
        address: a single one (10.1.2.3); otherwise (127.0.0.1, 0.0.0.0, a name) browsers are told all and
            find out which one works.
    """
    every = aioice.ice.get_host_addresses

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        single = _single(address)
        return [single] if single else every(use_ipv4, use_ipv6) or ["127.0.0.1"]

    aioice.ice.get_host_addresses = addresses


def _single(address: str) -> str | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None  # a name, "localhost" for one: let the browser find out
    return None if parsed.is_loopback or parsed.is_unspecified else str(parsed)
