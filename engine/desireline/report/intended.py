"""What the blueprint intends: how far along each touchpoint stands, and which may follow which."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from desireline.blocks import Flow
from desireline.blueprint.blueprint import Blueprint

Pairs = dict[tuple[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of the flow: what can come first and last in it, what can follow what, and whether it can be empty."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    pairs: Pairs
    empty: bool


NOTHING = Block(first=(), last=(), pairs={}, empty=True)


def depths(flow: Flow | None) -> dict[str, int]:
    """Return how many steps into the flow each of its touchpoints stands.

    What is optional, or a way back in a loop, stands beside the step before it, so that the main way stays straight.
    """
    found: dict[str, int] = {}
    if flow is not None:
        _descend(flow, 0, found)
    return found


def _descend(flow: Flow, at: int, found: dict[str, int]) -> int:
    """Note the depth of every touchpoint in `flow`, which begins at `at`; return the depth after it."""
    if flow.kind == "touchpoint":
        found.setdefault(flow.name, at)
        return at + 1
    if flow.kind == "sequence":
        for part in flow.parts:
            at = _descend(part, at, found)
        return at
    if flow.kind == "optional":
        return max(at, _descend(flow.parts[0], max(at - 1, 0), found))
    if flow.kind == "loop":
        end = _descend(flow.parts[0], at, found)
        return max([end, *(_descend(part, max(end - 1, 0), found) for part in flow.parts[1:])])
    return max((_descend(part, at, found) for part in flow.parts), default=at)


def drawn_pairs(blueprint: Blueprint) -> Pairs:
    """Return the pairs of touchpoints that the intended map joins by an arrow."""
    found = _block(blueprint.flow, frozenset(), crossing=False).pairs if blueprint.flow else {}
    return {(a, b): None for a, b in found if a != b}


def allowed_pairs(blueprint: Blueprint) -> Pairs:
    """Return the pairs that may follow each other in a log which shows only what is observed."""
    hidden = frozenset(t.name for t in blueprint.touchpoints.values() if not t.observed)
    return _block(blueprint.flow, hidden, crossing=True).pairs if blueprint.flow else {}


def _block(flow: Flow, hidden: Container[str], crossing: bool) -> Block:
    if flow.kind == "touchpoint":
        name = (flow.name,)
        return NOTHING if flow.name in hidden else Block(first=name, last=name, pairs={}, empty=False)
    parts = [_block(part, hidden, crossing) for part in flow.parts]
    if flow.kind == "sequence":
        return _sequence(parts)
    if flow.kind == "optional":
        return _either([*parts, NOTHING])
    if flow.kind == "loop":
        return _loop(parts[0], _sequence(parts[1:]))
    return _parallel(parts, crossing) if flow.kind == "parallel" else _either(parts)


def _sequence(parts: Iterable[Block]) -> Block:
    whole = NOTHING
    for part in parts:
        whole = Block(
            first=_union(whole.first, part.first if whole.empty else ()),
            last=_union(part.last, whole.last if part.empty else ()),
            pairs=whole.pairs | part.pairs | _product(whole.last, part.first),
            empty=whole.empty and part.empty,
        )
    return whole


def _either(parts: list[Block]) -> Block:
    return Block(
        first=_union(*(part.first for part in parts)),
        last=_union(*(part.last for part in parts)),
        pairs={pair: None for part in parts for pair in part.pairs},
        empty=any(part.empty for part in parts),
    )


def _parallel(parts: list[Block], crossing: bool) -> Block:
    whole = _either(parts)
    names = [_union(part.first, part.last, [name for pair in part.pairs for name in pair]) for part in parts]
    across: Pairs = {}
    if crossing:
        for i, ours in enumerate(names):
            for others in names[:i] + names[i + 1 :]:
                across |= _product(ours, others)
    return Block(
        first=whole.first, last=whole.last, pairs=whole.pairs | across, empty=all(part.empty for part in parts)
    )


def _loop(do: Block, again: Block) -> Block:
    once_more = _sequence([do, again, do])
    return Block(
        first=once_more.first if do.empty else do.first,
        last=once_more.last if do.empty else do.last,
        pairs=once_more.pairs,
        empty=do.empty,
    )


def _union(*names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for some in names for name in some))


def _product(before: Iterable[str], after: Iterable[str]) -> Pairs:
    after = tuple(after)
    return {(a, b): None for a in before for b in after}


def touchpoint_of(blueprint: Blueprint | None) -> Mapping[str, str]:
    """Return the touchpoint of every activity that the blueprint knows."""
    return {a: t.name for a, t in blueprint.by_activity().items()} if blueprint else {}
