"""Families of figures: what is counted, what is timed, what stands."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

__all__ = ["Counts", "Timings", "by_label", "gauge"]

# Seconds: from an answer that was kept to one that is stopped.
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_BOUNDS = (*(str(float(bound)) for bound in _BUCKETS), "+Inf")


class Counts(Collector):
    """Counts by label, told by the event loop's thread alone.

    The library's own counters may be told by any thread and any process, which costs a request
    some microseconds each; here it is a sum in a dictionary.
    """

    def __init__(self, name: str, described: str, labels: Sequence[str]) -> None:
        self._family = name, described, labels
        self._counts: dict[tuple[object, ...], int] = {}

    def count(self, *labels: object) -> None:
        """Add one."""
        counts = self._counts
        counts[labels] = counts.get(labels, 0) + 1

    def describe(self) -> Iterable[Metric]:
        """Yield the family alone."""
        name, described, labels = self._family
        yield CounterMetricFamily(name, described, labels=labels)

    def collect(self) -> Iterable[Metric]:
        """Yield the family with what was counted."""
        name, described, labels = self._family
        family = CounterMetricFamily(name, described, labels=labels)
        for values, count in self._counts.items():
            family.add_metric([str(value) for value in values], count)
        yield family


class Timings(Collector):
    """Histograms by label, of the same kind."""

    def __init__(self, name: str, described: str, labels: Sequence[str]) -> None:
        self._family = name, described, labels
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def note(self, seconds: float, *labels: str) -> None:
        """Add a time."""
        counts = self._counts.get(labels)
        if counts is None:
            counts = self._counts[labels] = [0] * (len(_BUCKETS) + 1)
            self._sums[labels] = 0.0
        counts[bisect_left(_BUCKETS, seconds)] += 1
        self._sums[labels] += seconds

    def describe(self) -> Iterable[Metric]:
        """Yield the family alone."""
        name, described, labels = self._family
        yield HistogramMetricFamily(name, described, labels=labels)

    def collect(self) -> Iterable[Metric]:
        """Yield the family with what was counted."""
        name, described, labels = self._family
        family = HistogramMetricFamily(name, described, labels=labels)
        for values, counts in self._counts.items():
            reached, buckets = 0, []
            for bound, count in zip(_BOUNDS, counts, strict=True):
                reached += count
                buckets.append((bound, reached))
            family.add_metric(list(values), buckets, self._sums[values])
        yield family


def gauge(name: str, described: str, value: float) -> GaugeMetricFamily:
    """Return one number that stands now."""
    return GaugeMetricFamily(name, described, value=value)


def by_label(name: str, described: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    """Return numbers that stand now, by one label."""
    family = GaugeMetricFamily(name, described, labels=[label])
    for key, value in values.items():
        family.add_metric([str(key)], value)
    return family
