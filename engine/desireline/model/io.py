"""Models as files: one readable JSON document, checked when read."""

import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from desireline.errors import ModelError, Problem
from desireline.folders import write_whole
from desireline.model.check import problems
from desireline.model.model import FORMAT, Model

_ADAPTER = TypeAdapter(Model)


def write_model(model: Model, path: str | Path) -> Path:
    """Write `model` whole or not at all, the same bytes for equal models; return the path."""
    return write_whole(path, dump_model(model))


def dump_model(model: Model) -> str:
    """Return `model` as JSON text: one line for each list of numbers, indented otherwise."""
    document = _ADAPTER.dump_python(model, mode="json")
    refits = document.pop("refits")
    head = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    lines = ",\n  ".join(json.dumps(refit, ensure_ascii=False, allow_nan=False) for refit in refits)
    return head.removesuffix("\n}") + ',\n "refits": [\n  ' + lines + "\n ]\n}\n"


def read_model(path: str | Path) -> Model:
    """Return the model in the file at `path`.

    Raises
    ------
    ModelError
        If the file is missing, is no model of this format, or describes a journey that cannot be simulated.
    """
    file = str(path)
    help = "Make one with: desireline calibrate LOG -o MODEL"
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as fault:
        raise ModelError(f"the file cannot be read ({fault.strerror})", where=file, help=help) from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as fault:
        raise ModelError(f"not JSON: {fault}", where=file, expected="a model file", help=help) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT or "parameters" not in document:
        raise ModelError("this is no model of format 1", where=file, expected='"format": 1 and "parameters"', help=help)
    try:
        model = _ADAPTER.validate_python(document)
    except ValidationError as fault:
        found = [
            Problem(where=file, found=f"{'.'.join(map(str, e['loc']))}: {e['msg']}", help=help)
            for e in fault.errors(include_url=False)[:10]
        ]
        raise ModelError(problems=found) from None
    wrong = problems(model, file)
    if wrong:
        raise ModelError(problems=wrong)
    return model
