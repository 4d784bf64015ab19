"""Object-centric logs that pm4py wrote are flattened as pm4py flattens them, in each of the three formats."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from desireline.log.read import read_log
from tests.log.logs import rows

FORMATS = ("json", "xml", "sqlite")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory):
    """A log of orders, items and customers, written by pm4py in the three formats, and what pm4py read."""
    pandas = pytest.importorskip("pandas")
    import pm4py
    from pm4py.objects.ocel.obj import OCEL

    chance = random.Random(7)
    began = datetime(2024, 1, 1, tzinfo=UTC)
    objects = [(f"o{i}", "orders", float(i)) for i in range(9)] + [(f"i{i}", "items", None) for i in range(20)]
    objects += [("c1", "customers", None), ("c2", "customers", None)]
    events, relations = [], []
    for n in range(60):
        moment = began + timedelta(minutes=7 * n)
        name = chance.choice(["place order", "pick item", "ship"])
        events.append((f"e{n}", name, moment, f"clerk {n % 3}"))
        touched = {chance.choice(objects) for _ in range(chance.randint(1, 4))}
        relations += [(f"e{n}", name, moment, o, kind, "") for o, kind, _ in sorted(touched, key=str)]
    ocel = OCEL(
        events=pandas.DataFrame(events, columns=["ocel:eid", "ocel:activity", "ocel:timestamp", "clerk"]),
        objects=pandas.DataFrame(objects, columns=["ocel:oid", "ocel:type", "amount"]),
        relations=pandas.DataFrame(
            relations,
            columns=["ocel:eid", "ocel:activity", "ocel:timestamp", "ocel:oid", "ocel:type", "ocel:qualifier"],
        ),
    )
    folder = tmp_path_factory.mktemp("ocel")
    for kind, write in zip(
        FORMATS, (pm4py.write_ocel2_json, pm4py.write_ocel2_xml, pm4py.write_ocel2_sqlite), strict=True
    ):
        write(ocel, str(folder / f"log.{kind}"))
    return folder, ocel


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("chosen", ["orders", "items", "customers"])
def test_the_flattened_log_is_the_one_that_pm4py_makes(world, kind: str, chosen: str) -> None:
    import pm4py

    folder, ocel = world
    frame = pm4py.ocel_flattening(ocel, chosen)
    theirs = sorted(
        zip(
            frame["case:concept:name"],
            frame["concept:name"],
            [t.timestamp() for t in frame["time:timestamp"]],
            strict=True,
        )
    )
    read = read_log(str(folder / f"log.{kind}"), object_type=chosen)
    assert sorted((case, name, start) for case, name, _, start, _ in rows(read.log)) == theirs
    assert "clerk" in read.log.event_attributes


def test_attributes_of_the_object_and_other_objects_come_along(world) -> None:
    folder, _ = world
    found = [read_log(str(folder / f"log.{kind}"), object_type="orders").log for kind in FORMATS]
    for log in found:
        assert log.cases.column("amount").to_pylist() == [
            float(case[1:]) for case in log.cases.column("case_id").to_pylist()
        ]
        assert log.events.column("items").to_pylist() == found[0].events.column("items").to_pylist()
    assert "i1" in {part for text in found[0].events.column("items").to_pylist() if text for part in text.split("; ")}
