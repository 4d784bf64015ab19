"""desireline verify as a user runs it."""

import json

import pytest

from desireline.commands import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["verify", *arguments])
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


def test_a_queue_is_simulated_beside_its_theory(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "erlang-a", "10", "1", "10", "0.5", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["theory"]["abandoned"] == pytest.approx(0.10391, abs=1e-5)
    wait = found["simulated"]["wait"]
    assert wait["low"] <= found["theory"]["wait"] <= wait["high"]
    assert (wait["high"] - wait["low"]) / 2 <= 0.01 * found["theory"]["wait"]


def test_the_unit_of_time_does_not_matter_and_nor_do_the_workers(capsys: pytest.CaptureFixture[str]) -> None:
    _, hours, _ = run(capsys, "erlang-a", "600", "60", "10", "30", "--json", "--workers", "1")
    _, minutes, _ = run(capsys, "erlang-a", "10", "1", "10", "0.5", "--json", "--workers", "2")
    means = [json.loads(out)["simulated"]["wait"]["mean"] for out in (hours, minutes)]
    assert means[0] * 60 == pytest.approx(means[1])


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("mmc", "3", "1", "3"), "do not keep up"),
        (("mmc", "1", "1"), "mmc LAMBDA MU C"),
        (("mm1", "1", "1", "1"), "erlang-a LAMBDA MU N THETA"),
        (("mmc", "1", "1", "1.5"), "is no queue"),
        (("erlang-a", "1", "0", "1", "1"), "not positive"),
        (("mmc", "1", "nan", "1"), "not positive"),
        (("mmc", "0.999999", "1", "1"), "too near"),
    ],
)
def test_a_queue_that_cannot_be_is_refused_with_help(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], found: str
) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert found in err
