"""The errors Desireline raises: each says where, what was found, what was expected and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in what the user gave us.

    `where` is a file, an option or a name; `line` counts from 1 and is None where lines mean nothing.
    """

    where: str
    found: str
    expected: str = ""
    help: str = ""
    line: int | None = None

    def place(self) -> str:
        return f"{self.where}:{self.line}" if self.line else self.where

    def __str__(self) -> str:
        text = f"{self.place()}: {self.found}" if self.where else self.found
        if self.expected:
            text += f"; expected {self.expected}"
        return f"{text}. {self.help}" if self.help else text


class DesirelineError(Exception):
    """Base of all errors caused by what the user gave us; it carries one or more problems.

    `exit_code` is the exit status of a command that ends with this error.
    """

    exit_code = 2

    def __init__(
        self, found: str = "", *, where: str = "", expected: str = "", help: str = "", problems: Iterable[Problem] = ()
    ) -> None:
        self.problems = tuple(problems) or (Problem(where=where, found=found, expected=expected, help=help),)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.problems)


def _rebuild(kind: type[DesirelineError], problems: tuple[Problem, ...]) -> DesirelineError:
    return kind(problems=problems)


class LogError(DesirelineError, ValueError):
    """The event log or its source file cannot be used."""


class BlueprintError(DesirelineError, ValueError):
    """The blueprint cannot be used."""


class ModelError(DesirelineError, ValueError):
    """The model cannot be fitted, read or simulated."""


class ScenarioError(DesirelineError, ValueError):
    """A scenario asks for something its model does not have."""


class StudyError(DesirelineError, ValueError):
    """The study cannot be run."""


class UntrustedError(DesirelineError):
    """The model failed its back-test, so nothing is forecast with it unless the user says so."""

    exit_code = 3


def nearest(name: str, known: Iterable[str]) -> str:
    """Return help that names the known word closest to `name`, else the known words."""
    words = sorted(set(known))
    lower = {word.lower(): word for word in words}
    close = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    if close:
        return f'Did you mean "{lower[close[0]]}"?'
    shown = ", ".join(words[:12])
    return f"Known: {shown}{', ...' if len(words) > 12 else ''}." if words else "None are known."
