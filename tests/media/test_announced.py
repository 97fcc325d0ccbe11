"""Which addresses of this machine browsers are told."""

import aioice.ice
import pytest

from media.announced import announce


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("10.1.2.3", ["10.1.2.3"]),
        ("0.0.0.0", ["192.168.7.7", "fd00::7"]),
        ("127.0.0.1", ["192.168.7.7", "fd00::7"]),
        ("localhost", ["192.168.7.7", "fd00::7"]),
    ],
)
def test_the_setting_decides_which_addresses_browsers_are_told(
    address: str, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda _4, _6: ["192.168.7.7", "fd00::7"])
    announce(address)
    assert aioice.ice.get_host_addresses(True, True) == told


def test_a_machine_without_network_tells_its_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda _4, _6: [])
    announce("127.0.0.1")
    assert aioice.ice.get_host_addresses(True, True) == ["127.0.0.1"]
