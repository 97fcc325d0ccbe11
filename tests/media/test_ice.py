"""STUN and TURN: what browsers are told, and pictures through a real TURN server (Debian's coturn)."""

import base64
import contextlib
import hashlib
import hmac
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiortc import RTCIceTransportPolicy, RTCPeerConnection

from data_access.settings import WrongSetting, settings
from media import ice
from tests.event_loop import in_loop
from tests.installation import free_ports
from tests.media.camera_clip import make_clip
from tests.media.watching import Watcher, camera_at, running_gateway, until

SECRET = "the secret of the TURN server"


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Sets environment variables of settings."""
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


def test_without_servers_browsers_are_told_none() -> None:
    settings.cache_clear()
    assert ice.servers_for("wang") == []


def test_a_viewer_gets_a_password_that_ends_by_itself(configure: pytest.MonkeyPatch) -> None:
    configure.setenv("MINGJING_ICE_SERVERS", "stun:a:3478, turn:b:3478 turns:b:5349?transport=tcp")
    configure.setenv("MINGJING_TURN_SECRET", SECRET)
    stun, turn = ice.servers_for("wang")
    assert stun == {"urls": ["stun:a:3478"]}
    assert turn["urls"] == ["turn:b:3478", "turns:b:5349?transport=tcp"]
    until_when, _, name = turn["username"].partition(":")
    assert name == "wang"
    assert 11 * 3600 < int(until_when) - time.time() < 13 * 3600
    signature = hmac.digest(SECRET.encode(), turn["username"].encode(), hashlib.sha1)
    assert base64.b64decode(turn["credential"]) == signature


@pytest.mark.parametrize(
    ("servers", "secret", "told"),
    [
        ("turn:b:3478", "", "MINGJING_TURN_SECRET"),
        ("http://b", SECRET, "MINGJING_ICE_SERVERS"),
        ("turn:b?transport=sctp", SECRET, "MINGJING_ICE_SERVERS"),
    ],
)
def test_a_setting_that_browsers_would_not_take_is_said_so(
    servers: str, secret: str, told: str, configure: pytest.MonkeyPatch
) -> None:
    configure.setenv("MINGJING_ICE_SERVERS", servers)
    configure.setenv("MINGJING_TURN_SECRET", secret)
    with pytest.raises(WrongSetting, match=told):
        settings()


@contextlib.contextmanager
def turn_server(secret: str) -> Iterator[str]:
    """The address of a running coturn."""
    if shutil.which("turnserver") is None:
        pytest.skip("Debian's coturn is not installed: run make test as root")
    (port,) = free_ports(1)
    options = f"-n --listening-ip=127.0.0.1 --listening-port={port} --relay-ip=127.0.0.1 --realm=mingjing"
    quiet = "--no-cli --no-tls --no-dtls --allow-loopback-peers --pidfile= --log-file=stdout"
    command = ["turnserver", *options.split(), *quiet.split(), "--use-auth-secret"]
    process = subprocess.Popen(
        [*command, f"--static-auth-secret={secret}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"turn:127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@contextlib.asynccontextmanager
async def relayed_watcher() -> AsyncIterator[Watcher]:
    """A viewer that reaches nobody but the TURN server."""
    configuration = ice.configuration_for("wang")
    configuration.iceTransportPolicy = RTCIceTransportPolicy.RELAY
    made = Watcher(configuration)
    try:
        yield made
    finally:
        await made.close()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@in_loop
async def test_pictures_come_through_a_turn_server(
    transport: str, tmp_path: Path, configure: pytest.MonkeyPatch
) -> None:
    clip = make_clip(tmp_path / "clip.ts", 2, sound="")
    with turn_server(SECRET) as address:
        configure.setenv("MINGJING_ICE_SERVERS", f"{address}?transport={transport}")
        configure.setenv("MINGJING_TURN_SECRET", SECRET)
        async with running_gateway(camera_at(str(clip))) as gateway, relayed_watcher() as viewer:
            await viewer.watch(gateway)
            await until(lambda: viewer.pictures > 10)
            assert kinds_of_candidates(viewer.connection) == {"relay"}


@in_loop
async def test_the_turn_server_refuses_another_secret(configure: pytest.MonkeyPatch) -> None:
    with turn_server(SECRET) as address:
        configure.setenv("MINGJING_ICE_SERVERS", address)
        configure.setenv("MINGJING_TURN_SECRET", "guessed")
        async with relayed_watcher() as viewer:
            await viewer.offer()
            assert kinds_of_candidates(viewer.connection) == set()


def kinds_of_candidates(connection: RTCPeerConnection) -> set[str]:
    lines = connection.localDescription.sdp.splitlines()
    return {line.split(" typ ")[1].split()[0] for line in lines if line.startswith("a=candidate")}
