"""`desireline asset`: the customer asset in number and value, from a log by period or by formula."""

from typing import TYPE_CHECKING, Any

import click

from desireline.commands.options import Reading, common, output_folder, reading
from desireline.commands.output import clean, print_json, print_table, say, write_json
from desireline.errors import DesirelineError

if TYPE_CHECKING:
    from desireline.experience.asset import Asset
    from desireline.experience.ledger import Bridge, Ledger

FORMULA = ("customers", "retention", "margin", "discount", "keep", "of")


@click.command()
@click.argument("log", metavar="[LOG]", required=False)
@reading
@click.option(
    "--period", default="month", show_default=True, help='day, week, month, quarter, year, or a time ("30 d").'
)
@click.option("--returns-within", metavar="TIME", help='Lost is who does not come back within it, such as "90 d".')
@click.option("--customers", type=float, help="By formula: how many customers there are.")
@click.option("--retention", metavar="SHARE", help="Share that stays from one period to the next.")
@click.option("--margin", type=float, help="Money a customer brings each period.")
@click.option("--discount", metavar="RATE", help="Discount rate: per period by formula, per year with a log.")
@click.option("--keep", metavar="P,...", help="How many percent more to keep, such as 5,10,20.")
@click.option("--of", metavar="MEANING", help="What the percents are of: lost, rate-points or base.")
@output_folder
@common
def command(log: str | None, reading: Reading, output: str | None, as_json: bool, **options: Any) -> None:
    """Show what the customers are worth.

    With LOG: who came, was lost and came back in each period, in number and value. With --customers, --retention,
    --margin, --discount and --keep: what keeping some more of them is worth. --of says what the percents are of:
    "lost" P % of those lost today stay; "rate-points" the retention rises by P points; "base" P % more stay.
    """
    result = _of_log(log, reading, options) if log else _by_formula(options)
    if output:
        write_json(output, "asset", result)
        say(f"Written to {output}: asset.json.")
    if as_json:
        print_json(result)
    else:
        _show(result)


def _of_log(log: str, reading: Reading, options: dict[str, Any]) -> "Ledger":
    from desireline.commands.options import time_option
    from desireline.experience.ledger import asset_of

    given = [f"--{name}" for name in FORMULA if name != "discount" and options[name] is not None]
    if given:
        raise DesirelineError(f"both a log and {', '.join(given)}", where="asset", expected="a log, or the formula")
    read = reading.read(log)
    for note in read.notes:
        say(f"note: {note}")
    discount = options["discount"]
    return asset_of(
        read.log,
        read.source,
        period=options["period"],
        returns_within=time_option(options["returns_within"], "--returns-within"),
        discount=None if discount is None else _share(discount, "--discount"),
    )


def _by_formula(options: dict[str, Any]) -> "Asset":
    from desireline.experience.asset import MEANINGS, keep_more

    missing = [f"--{name}" for name in FORMULA[:5] if options[name] is None]
    if missing:
        help = "For example: --customers 10000 --retention 0.8 --margin 100 --discount 0.12 --keep 5,10,20 --of lost"
        found = "neither a log nor a formula" if len(missing) == 5 else f"no {', '.join(missing)}"
        raise DesirelineError(found, where="asset", expected="LOG, or all of the formula's options", help=help)
    if options["of"] is not None and options["of"] not in MEANINGS:
        options["of"] = options["of"].removeprefix("of-")
    return keep_more(
        options["customers"],
        _share(options["retention"], "--retention"),
        options["margin"],
        _share(options["discount"], "--discount"),
        _percents(options["keep"]),
        options["of"],
    )


def _share(text: str, where: str) -> float:
    """Return a rate: a plain number or percents."""
    plain = text.strip()
    try:
        return float(plain.removesuffix("%")) / 100 if plain.endswith("%") else float(plain)
    except ValueError:
        raise DesirelineError(f'"{text}"', where=where, expected='a share such as 0.8 or "80 %"') from None


def _percents(text: str) -> list[float]:
    try:
        return [float(part.strip().removesuffix("%")) for part in text.split(",")]
    except ValueError:
        raise DesirelineError(f'"{text}"', where="--keep", expected="percents such as 5,10,20") from None


def _show(result: "Asset | Ledger") -> None:
    from desireline.experience.asset import Asset

    if isinstance(result, Asset):
        _show_formula(result)
    else:
        _show_ledger(result)


def _show_formula(result: "Asset") -> None:
    text = f"{result.customers:,g} customers, of whom {100 * result.retention:g} % stay each period, are worth "
    click.echo(f"{text}{_money(result.value)} at a discount of {100 * result.discount:g} %.")
    rows = [
        [f"{row.percent:g} %", f"{100 * row.retention:.4g} %", _money(row.customers), _money(row.value)]
        for row in result.keep
    ]
    columns = ["Keep more", "Retention then", "Customers kept each period", "Value added"]
    print_table("What keeping more is worth", columns, rows)
    click.echo(f"  Meaning of {result.of}: {result.meaning}.")


def _show_ledger(result: "Ledger") -> None:
    text = f"{result.customers:,} customers: {result.new:,} came, {result.lost:,} were lost, {result.regained:,} came "
    click.echo(f"{text}back, {result.closing:,} are there at the end.")
    names = [row.period + ("" if row.whole else " (part)") for row in result.periods]
    rows = [[name, *_counts(row)] for name, row in zip(names, result.periods, strict=True)]
    columns = ["Period", "Opening", "+ New", "- Lost", "+ Regained", "= Closing", "Stayed"]
    print_table("Customers by period", columns, rows)
    if result.value:
        unit = f", {result.currency}" if result.currency else ""
        values = [[name, *_bridge(row.value)] for name, row in zip(names, result.periods, strict=True) if row.value]
        columns = ["Period", "Opening", "+ New", "- Lost", "+ Regained", "+ Grown", "= Closing"]
        print_table(f"Their value by period{unit}", columns, values)
    _show_worth(result)
    for note in result.notes:
        click.echo(clean(f"  {note[:1].upper()}{note[1:]}."))


def _show_worth(result: "Ledger") -> None:
    if result.split:
        got, kept, grew = (f"{result.split[part]:+,.0f}" for part in ("get", "keep", "grow"))
        unit = f", {result.currency}" if result.currency else ""
        click.echo(
            clean(
                f"  How the value came{unit}: get {got} (new and regained), keep {kept} (lost), grow {grew} (stayed)."
            )
        )
    residual = result.residual
    if residual and residual.value is None:
        click.echo(f"  Residual value unknown: {residual.reason}.")
    elif residual:
        span = f"{_money(residual.low or 0)} to {_money(residual.high or 0)}"
        stay = f"{100 * (residual.retention or 0):.1f} % stay from period to period and each brings its value again"
        click.echo(f"  Those there at the end are still worth {_money(residual.value or 0)} ({span}) if {stay}")
        click.echo(f"  in every period, discounted by {100 * residual.discount:g} % a year.")


def _counts(row: Any) -> list[str]:
    stayed = "-" if row.retention is None else f"{100 * row.retention:.1f} %"
    return [*(f"{getattr(row, name):,}" for name in ("opening", "new", "lost", "regained", "closing")), stayed]


def _bridge(value: "Bridge") -> list[str]:
    parts = (value.opening, value.new, value.lost, value.regained, value.grown or 0.0, value.closing)
    return [f"{part:,.0f}" for part in parts]


def _money(amount: float) -> str:
    return f"{amount:,.0f}" if abs(amount) >= 1000 or amount == round(amount) else f"{amount:,.6g}"
