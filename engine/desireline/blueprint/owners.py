"""Who owns what."""

from desireline.blueprint.blueprint import Blueprint


def owners(blueprint: Blueprint | None) -> dict[str, str]:
    """Return the owner of every activity that `blueprint` knows and that has one."""
    if blueprint is None:
        return {}
    return {activity: t.owner for activity, t in blueprint.by_activity().items() if t.owner is not None}
