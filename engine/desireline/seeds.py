"""Keyed draws: every random number is a function of what it is for, never of when it was asked.

The mixer is the finaliser of SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195). `mix`, `link` and
`uniform` are plain Python on unsigned 64-bit integers, which the compiled backend compiles as they stand.
"""

from enum import IntEnum
from hashlib import blake2b

import numpy as np

MASK = 0xFFFFFFFFFFFFFFFF
GOLDEN = 0x9E3779B97F4A7C15


class Purpose(IntEnum):
    """What a draw is for; numbers are part of the format and never change."""

    ARRIVAL = 1
    PROFILE = 2
    ROUTE = 3
    DURATION = 4
    DELAY = 5
    RESPONSE = 6
    PATIENCE = 7
    RETENTION = 8
    RESAMPLE = 9
    REDIAL = 10
    TREATMENT = 11
    DAY = 12
    AFTER = 13


def mix(z: int) -> int:
    """Return `z` scrambled: a bijection on 64 bits in which every input bit moves every output bit."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def chain(*parts: int) -> int:
    """Return one key made of `parts`; each part is mixed in, so (1, 6) and (2, 3) differ."""
    key = 0
    for part in parts:
        key = link(key, part & MASK)
    return key


def link(key: int, part: int) -> int:
    """Return the key of a chain that has `part` added at its end."""
    return mix(((key + GOLDEN) & MASK) ^ mix(part))


def label_key(label: str) -> int:
    """Return the 64-bit key of a name, the same on every machine."""
    return int.from_bytes(blake2b(label.encode(), digest_size=8).digest(), "little")


def uniform(case_key: int, label: int, purpose: int, occurrence: int) -> float:
    """Return the draw in (0, 1) of one case for one label, purpose and occurrence."""
    bits = mix((mix(case_key ^ label) + ((purpose << 32) | occurrence) * GOLDEN) & MASK)
    return ((bits >> 12) + 0.5) * 2.0**-52


def uniforms(case_keys: np.ndarray, label: int, purpose: int) -> np.ndarray:
    """Return `uniform` of each case key (uint64) for occurrence 0."""
    step = np.uint64(((purpose << 32) * GOLDEN) & MASK)
    bits = _mix_all(_mix_all(case_keys.astype(np.uint64) ^ np.uint64(label)) + step)
    return ((bits >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def _mix_all(z: np.ndarray) -> np.ndarray:
    """Return `mix` of each element (uint64)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))
