"""A log as another file, with a source file beside it for what is known about the log and no such file can say."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from desireline.errors import LogError
from desireline.folders import write_whole
from desireline.log.read import ReadLog
from desireline.log.source import is_source, read_source
from desireline.log.write import write_log

_SAID = ("attributes", "abandoned", "outcome", "value", "currency")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written: the log, the source file beside it (None: no more is known), and what could not be kept."""

    file: str
    source: str | None
    cases: int
    events: int
    notes: tuple[str, ...]


def convert(read: ReadLog, output: Path, origin: str) -> Written:
    """Write a log that was read from `origin` to `output`.

    Raises
    ------
    LogError
        If `output` is the log itself, or cannot be written.
    """
    for file in (origin, read_source(origin).log if is_source(origin) else origin):
        if output.exists() and Path(file).exists() and output.samefile(file):
            raise LogError("this is the log itself", where=str(output), expected="another file")
    notes = write_log(read.log, output)
    said = _source(read, output)
    source = output.with_name(f"{output.name}.yaml")
    if said:
        write_whole(source, yaml.safe_dump(said, sort_keys=False, allow_unicode=True), LogError)
    return Written(
        file=str(output),
        source=str(source) if said else None,
        cases=read.log.n_cases,
        events=read.log.n_events,
        notes=notes,
    )


def _source(read: ReadLog, output: Path) -> Mapping[str, Any]:
    """Return what a source file of the written log says; nothing where the file says it all."""
    known = read.source.model_dump(include=set(_SAID), exclude_defaults=True, by_alias=True, mode="json")
    if read.log.timezone != "UTC":
        known = {"timezone": read.log.timezone, **known}
    return {"log": output.name, **known} if known else {}
