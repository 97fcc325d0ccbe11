"""The gateway's figures for Prometheus. What belongs to a camera is read from its pull and goes with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from media.live_hub import Pull

Stream = tuple[int, str]  # a camera's id, and which of its streams: sub or main
Pulls = Mapping[Stream, Pull]

_LOOK_EVERY = 0.1  # seconds
_LAG = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

_GAUGES: tuple[tuple[str, str, Callable[[Pull], float]], ...] = (
    ("viewers", "Browsers that watch the stream", lambda pull: len(pull.viewers)),
    ("sound_listeners", "Of these, those that also listen", lambda pull: pull.listeners),
    ("converted", "1: the picture is converted for browsers", lambda pull: pull.converted is not None),
    ("up", "1: pictures arrive", lambda pull: pull.state.problem is None and pull.state.in_a_row > 0),
)
_COUNTERS: tuple[tuple[str, str, Callable[[Pull], float]], ...] = (
    ("pictures_received", "Pictures from the camera", lambda pull: pull.state.pictures),
    ("bytes_received", "Bytes of these pictures", lambda pull: pull.state.received_bytes),
    ("pictures_dropped", "Pictures let go for viewers that fell behind", lambda pull: pull.dropped),
    ("reconnections", "Times the camera was lost and asked again", lambda pull: pull.reconnections),
)


class GatewayFigures:
    """The figures of one gateway process."""

    def __init__(self, pulls: Pulls) -> None:
        """`pulls` is looked at whenever the figures are asked for."""
        self._registry = CollectorRegistry()
        self._registry.register(_Streams(pulls))
        ProcessCollector(registry=self._registry)
        self.outcomes = Counter(
            "mingjing_gateway_connections",
            "Connections asked for, by what became of them",
            ["outcome"],
            registry=self._registry,
        )
        self._lag = Histogram(
            "mingjing_gateway_event_loop_lag_seconds",
            "How late the event loop is: over 0.1 s pictures jerk",
            buckets=_LAG,
            registry=self._registry,
        )

    def text(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self._registry)

    async def watch_the_loop(self) -> None:
        """Measures for ever how late the event loop is."""
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(_LOOK_EVERY)
            self._lag.observe(max(0.0, time.perf_counter() - asked - _LOOK_EVERY))


class _Streams(Collector):
    """The figures of each stream that is pulled now."""

    def __init__(self, pulls: Pulls) -> None:
        self._pulls = pulls

    def describe(self) -> Iterable[Metric]:
        return []  # known only when asked

    def collect(self) -> Iterator[Metric]:
        kinds = ((GaugeMetricFamily, _GAUGES), (CounterMetricFamily, _COUNTERS))
        for family, figures in kinds:
            for name, meaning, figure_of in figures:
                metric = family(f"mingjing_gateway_{name}", meaning, labels=["camera", "stream"])
                for (camera_id, stream), pull in self._pulls.items():
                    metric.add_metric([str(camera_id), stream], figure_of(pull))
                yield metric
