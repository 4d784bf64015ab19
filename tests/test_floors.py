"""The packages are floors: imports go down only, and each heavy library has its home."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "engine" / "desireline"
GROUND = {"errors", "units", "seeds", "files", "folders", "blocks"}
FLOORS = {
    "stats": set(),
    "log": set(),
    "blueprint": set(),
    "model": {"blueprint"},
    "journey": {"log"},
    "distance": {"log", "journey"},
    "gap": {"log", "journey", "blueprint", "stats"},
    "experience": {"journey", "log", "blueprint", "gap", "model", "stats"},
    "simulate": {"model", "log"},
}
ABOVE_SIMULATE = {"stats", "log", "blueprint", "model", "journey", "distance", "gap", "experience", "simulate"}
FLOORS["measure"] = ABOVE_SIMULATE
FLOORS["calibrate"] = ABOVE_SIMULATE | {"measure"}
FLOORS["scenario"] = {"model", "blueprint"}
FLOORS["study"] = ABOVE_SIMULATE | {"measure", "calibrate", "scenario"}
FLOORS["watch"] = {"log", "journey", "blueprint", "model", "distance", "gap", "experience", "measure", "stats"}
FLOORS["report"] = FLOORS["study"] | {"study", "watch"}
FLOORS["commands"] = FLOORS["report"] | {"report"}

HOMES = {
    "simpy": {"simulate/simpy_backend.py"},
    "numba": {"simulate"},
    "matplotlib": {"report/plots.py"},
    "click": {"commands"},
    "rich": {"commands"},
    "pm4py": {"journey/process_model.py", "blueprint/net.py", "gap/by_pm4py.py"},
    "statsmodels": {"experience"},
    "jinja2": {"report"},
    "joblib": {"study"},
    "xlsxwriter": {"study/workbook.py"},
    "dask": {"study/workers.py"},
    "ray": {"study/workers.py"},
    "ibis": {"log/warehouse.py", "log/warehouse_quality.py", "log/postgres.py", "log/spark.py", "journey/warehouse.py"},
    "psycopg": {"log/postgres.py"},
    "pyspark": {"log/spark.py"},
    "py4j": {"log/spark.py"},
}
HEAVY = {"simpy", "numba", "matplotlib", "pm4py", "statsmodels", "scipy", "pandas", "jinja2", "joblib"}
HEAVY |= {"ibis", "psycopg", "pyspark"}
FILES = sorted(path for path in PACKAGE.rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a module imports anywhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_the_floors_below(path: Path) -> None:
    place = path.relative_to(PACKAGE)
    room = place.parts[0].removesuffix(".py")
    if room == "__init__":
        return
    allowed = GROUND | ({room} | FLOORS[room] if room not in GROUND else set())
    for name in imports(ast.parse(path.read_text())):
        if name.startswith("desireline."):
            assert name.split(".")[1] in allowed | {"__version__"}, f"{place} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_heavy_library_stays_in_its_home(path: Path) -> None:
    place = path.relative_to(PACKAGE).as_posix()
    for name in imports(ast.parse(path.read_text())):
        homes = HOMES.get(name.split(".")[0])
        assert homes is None or any(place == home or place.startswith(f"{home}/") for home in homes), (
            f"{place} imports {name}"
        )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_heavy_library_is_imported_where_it_is_used(path: Path) -> None:
    if path.name in {"simpy_backend.py", "kernel.py", "plots.py"}:
        return
    tree = ast.parse(path.read_text())
    top = ast.Module(body=[n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))], type_ignores=[])
    for name in imports(top):
        assert name.split(".")[0] not in HEAVY, f"{path} imports {name} at the top"


def test_packages_are_one_folder_deep() -> None:
    assert not [path for path in FILES if len(path.relative_to(PACKAGE).parts) > 2]
