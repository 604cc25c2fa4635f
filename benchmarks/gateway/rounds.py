"""Rounds in turn: every contender once per round, in an order that rotates, so that a noisy minute hits all alike."""

import statistics
from collections.abc import Callable, Mapping

Ask = Callable[[], Mapping[str, float]]
Samples = dict[str, list[Mapping[str, float]]]


def in_turn(contenders: Mapping[str, Ask], rounds: int) -> Samples:
    """Ask every contender `rounds` times, ABC, BCA, CAB."""
    names = list(contenders)
    samples: Samples = {name: [] for name in names}
    for number in range(rounds):
        shift = number % len(names)
        for name in (*names[shift:], *names[:shift]):
            samples[name].append(contenders[name]())
    return samples


def median(samples: Samples, name: str, figure: str) -> float:
    """Return a contender's median over its rounds."""
    return statistics.median(sample[figure] for sample in samples[name])


def added(samples: Samples, name: str, base: str, figure: str) -> float:
    """Return the median of what a contender had more than the base in the same round."""
    pairs = zip(samples[name], samples[base], strict=True)
    return statistics.median(mine[figure] - other[figure] for mine, other in pairs)


def ratio(samples: Samples, name: str, base: str, figure: str) -> float:
    """Return the median of a contender's figure over the base's in the same round."""
    pairs = zip(samples[name], samples[base], strict=True)
    return statistics.median(mine[figure] / other[figure] for mine, other in pairs)
