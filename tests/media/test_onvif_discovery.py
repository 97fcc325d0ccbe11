"""Cameras are found and asked by ONVIF, and what is wrong is said in plain words."""

from collections.abc import Iterator
from datetime import timedelta
from socket import AF_INET

import pytest
from wsdiscovery.util import _getNetworkAddrs  # type: ignore[import-untyped]

from media.onvif_discovery import (
    NO_STREAM,
    NOT_ONVIF,
    REFUSED,
    UNREACHABLE,
    DeviceProblem,
    find_devices,
    read_streams,
    with_account,
)
from tests.installation import free_ports
from tests.media.onvif_device import PASSWORD, USER, OnvifDevice, onvif_device


@pytest.fixture
def device() -> Iterator[OnvifDevice]:
    with onvif_device() as made:
        yield made


@pytest.mark.skipif(not _getNetworkAddrs(AF_INET), reason="no network: multicast goes nowhere")
def test_a_camera_on_the_network_is_found_with_its_name(device: OnvifDevice) -> None:
    found = [one for one in find_devices() if one.url == device.url]
    assert [one.label for one in found] == ["Lobby camera · 127.0.0.1"]


def test_its_largest_and_smallest_streams_are_read(device: OnvifDevice) -> None:
    streams = read_streams(device.url, USER, PASSWORD)
    assert streams.main.url == "rtsp://127.0.0.1:554/main"
    assert (streams.main.width, streams.main.height, streams.main.codec) == (1920, 1080, "h264")
    assert streams.sub is not None
    assert streams.sub.url.endswith("/sub")
    assert streams.clock_offset == pytest.approx(0, abs=2)


def test_a_camera_with_a_wrong_clock_is_read_all_the_same_and_its_clock_told(device: OnvifDevice) -> None:
    device.clock_ahead = timedelta(hours=-8)
    streams = read_streams(device.url, USER, PASSWORD)
    assert streams.clock_offset == pytest.approx(-8 * 3600, abs=2)


def test_a_camera_with_one_stream_has_no_sub_stream(device: OnvifDevice) -> None:
    device.sizes = {"only": (1280, 720)}
    assert read_streams(device.url, USER, PASSWORD).sub is None


@pytest.mark.parametrize(("user", "password"), [(USER, "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_password_is_said_to_be_refused(device: OnvifDevice, user: str, password: str) -> None:
    with pytest.raises(DeviceProblem) as problem:
        read_streams(device.url, user, password)
    assert (problem.value.zh, problem.value.en) == REFUSED


def test_what_is_no_camera_says_so(device: OnvifDevice) -> None:
    device.garbage = True
    with pytest.raises(DeviceProblem) as problem:
        read_streams(device.url, USER, PASSWORD)
    assert (problem.value.zh, problem.value.en) == NOT_ONVIF


def test_a_camera_without_streams_says_so(device: OnvifDevice) -> None:
    device.sizes = {}
    with pytest.raises(DeviceProblem) as problem:
        read_streams(device.url, USER, PASSWORD)
    assert (problem.value.zh, problem.value.en) == NO_STREAM


def test_a_device_that_is_not_there_says_so() -> None:
    (port,) = free_ports(1)
    with pytest.raises(DeviceProblem) as problem:
        read_streams(f"http://127.0.0.1:{port}/onvif/device_service", USER, PASSWORD)
    assert (problem.value.zh, problem.value.en) == UNREACHABLE


def test_an_account_is_put_into_an_address_that_has_none() -> None:
    assert with_account("rtsp://10.1.2.3/1", "a b", "x:y@z") == "rtsp://a%20b:x%3Ay%40z@10.1.2.3/1"
    assert with_account("rtsp://u:p@10.1.2.3/1", "a", "b") == "rtsp://u:p@10.1.2.3/1"
    assert with_account("rtsp://10.1.2.3/1", "", "") == "rtsp://10.1.2.3/1"
    assert with_account("rtsp://10.1.2.3/1", "a", "") == "rtsp://a@10.1.2.3/1"
    assert with_account("", "a", "b") == ""
