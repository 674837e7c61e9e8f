"""Attribution of the won deals of a dataset: keys, windows, conditions, currencies, and what the listing states."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

import crmcore as cc
from crmcore.analysis.attribution import deals
from crmcore.errors import AnalysisNotFound, ColumnNotFound, CurrencyError, TableNotFound
from crmcore.kpis import ANALYSES

MODELS = sorted(name for name in ANALYSES if name.startswith("attribution_"))

#  a: search 5 Jan, mail 1 Feb (two of them), direct 1 Mar; won 1 Mar for 1,000.00, lead 20 Jan, made 10 Feb
#  b: mail 2 Feb; won 20 Feb for 33.33
#  c: fair 2 Jan; never won.  zz: won for 7 without a touch
DATA = cc.Dataset(
    touch={
        "id": [1, 2, 3, 4, 5, 6],
        "account": ["a", "a", "a", "b", "c", None],
        "opportunity": ["d1", None, "d1", "d2", None, None],
        "contact": ["p1", "p2", "p1", "p3", "p4", None],
        "channel": ["search", "mail", "direct", "mail", "fair", "mail"],
        "kind": ["clicked", "sent", "visited", "clicked", "visited", "sent"],
        "at": ["2026-01-05", "2026-02-01", "2026-03-01", "2026-02-02", "2026-01-02", "2026-01-01"],
        "quantity": [1, 2, 1, 1, 1, 1],
    },
    contact={"id": ["p1", "p2", "p3", "p4"], "account": ["a", "a", "b", "c"]},
    lead={"id": ["l1"], "created_at": ["2026-01-20"]},
    opportunity={
        "id": ["d1", "d2", "d3", "d4"],
        "account": ["a", "b", "zz", "c"],
        "kind": ["new", "renewal", "new", "new"],
        "outcome": ["won", "won", "won", "lost"],
        "created_at": ["2026-02-10", "2026-02-01", "2026-01-01", "2026-01-03"],
        "closed_at": ["2026-03-01", "2026-02-20", "2026-03-03", "2026-03-03"],
        "amount": ["1000.00", "33.33", "7", "99"],
        "lead": ["l1", None, None, None],
    },
)


def allocated(listing: cc.Listing) -> dict[object, float]:
    """Return the money of the channels that get any."""
    return {row["channel"]: row["allocated"] for row in listing if row["allocated"]}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("first_touch", {"search": 1000, "mail": 33.33}),
        ("last_touch", {"direct": 1000, "mail": 33.33}),
        ("last_non_direct", {"mail": 1033.33}),
        ("linear", {"search": 250, "mail": 533.33, "direct": 250}),
        ("position_based", {"search": 400, "mail": 233.33, "direct": 400}),
        # the lead of 20 January was made by the search of the 5th: 80 % of 1,000, and 20 % over the three others
        ("u_shaped", {"search": 800, "mail": 166.66, "direct": 66.67}),
        # the deal of 10 February by the second mail of the 1st: 60, 30, and 10 over the two others
        ("w_shaped", {"search": 600, "mail": 383.33, "direct": 50}),
        ("full_path", {"search": 450, "mail": 358.33, "direct": 225}),
        # a third each of 1,000 to search, mail and direct
        ("shapley", {"search": 333.33, "mail": 366.66, "direct": 333.34}),
        # 2 ** -step: 1, 2, 4 and 8 of 15
        ("time_decay_by_step", {"search": 66.67, "mail": 433.33, "direct": 533.33}),
    ],
)
def test_models_on_one_table_worked_by_hand(name, expected) -> None:
    """W3: the money of each model adds up to the 1,033.33 that have a touch; 7 have none and are stated."""
    listing = cc.analyse(f"attribution_{name}", DATA, by="account")

    assert allocated(listing) == expected
    assert sum(Decimal(str(v)) for v in allocated(listing).values()) == Decimal("1033.33")
    assert listing.fact("value") == 1033.33
    assert (listing.fact("conversions_without_touch"), listing.fact("value_without_touch")) == (1, 7)
    assert listing.fact("journeys_without_conversion") == 1
    assert listing.fact("touches_without_key") == 1


@pytest.mark.parametrize("name", MODELS)
def test_credits_and_what_has_no_touch_are_the_won_value(name) -> None:
    """W3: whatever the model, what is credited and what nobody touched add up to `won_value`, to the cent."""
    listing = cc.analyse(name, DATA)
    total = sum(Decimal(str(v)) for v in listing["allocated"].tolist())
    measured = cc.measure(["won_value", "won_deals"], DATA).total

    assert float(total + Decimal(str(listing.fact("value_without_touch")))) == measured["won_value"]
    assert listing.fact("conversions") + listing.fact("conversions_without_touch") == measured["won_deals"]
    assert listing["conversions"].sum() == pytest.approx(listing.fact("conversions"), rel=1e-12)


def test_decay_by_age_by_hand() -> None:
    """T2: ages 55, 28, 28 and 0 days at a half-life of 28: 2 ** -(55/28), 1/2, 1/2 and 1."""
    listing = cc.analyse("attribution_time_decay_by_age", DATA, half_life_days=28, deals=cc.col("id") == "d1")
    weights = {"search": 2 ** -(55 / 28), "mail": 1.0, "direct": 1.0}
    found = {row["channel"]: row["value"] for row in listing if row["value"]}

    assert found == pytest.approx({c: 1000 * w / sum(weights.values()) for c, w in weights.items()}, rel=1e-12)
    assert listing.fact("half_life_days") == 28


def test_markov_by_hand() -> None:
    """Three journeys: search mail mail direct and mail convert, fair does not: p = 2/3; without mail nothing is left.

    Without search or direct only the mail of b converts: half is lost.
    """
    listing = cc.analyse("attribution_markov", DATA)
    effects = {row["channel"]: row["removal_effect"] for row in listing}

    assert listing.fact("conversion_probability") == pytest.approx(2 / 3)
    # from mail: on to mail 1, to direct 1, to conversion 1 of 3; so half of what leaves it goes to direct
    assert effects == pytest.approx({"direct": 0.5, "fair": 0, "mail": 1, "search": 0.5})


def test_key_by_choice() -> None:
    """A deal's own touches, a person's, or those of the whole buying group: three journeys, three answers."""
    by_deal = cc.analyse("attribution_linear", DATA, by="opportunity")
    by_group = cc.analyse("attribution_linear", DATA, by="account", touch_key="contact.account")

    assert allocated(by_deal) == {"search": 500, "mail": 33.33, "direct": 500}
    assert by_deal.fact("touches_without_key") == 3
    assert by_deal.fact("by") == "opportunity"
    assert allocated(by_group) == allocated(cc.analyse("attribution_linear", DATA))


def test_window_is_stated_and_cuts() -> None:
    """T6: of the 30 days up to 1 March 31 January is the first; the search of 5 January is outside."""
    listing = cc.analyse("attribution_first_touch", DATA, within_days=30)

    assert allocated(listing) == {"mail": 1033.33}
    assert listing.fact("within_days") == 30
    assert listing.fact("touches_in_no_journey") == 1


def test_deals_that_are_not_asked_for_make_no_nulls() -> None:
    """R5: b won a renewal; asked for new business alone, its journey is neither credited nor one that failed."""
    listing = cc.analyse("attribution_linear", DATA, deals=cc.col("kind") == "new")

    assert allocated(listing) == {"search": 250, "mail": 500, "direct": 250}
    assert listing.fact("journeys_without_conversion") == 1
    assert listing.fact("conversions") == 1


def test_touches_and_channels_by_choice() -> None:
    """A condition on touches, and credit to another column or expression."""
    clicked = cc.analyse("attribution_linear", DATA, touches=cc.col("kind") != "sent")
    kinds = cc.analyse("attribution_linear", DATA, channel="kind")

    assert allocated(clicked) == {"search": 500, "mail": 33.33, "direct": 500}
    assert allocated(kinds) == {"clicked": 283.33, "sent": 500, "visited": 250}


def test_the_past_knows_no_later_touch_or_win() -> None:
    """O8: on 25 February a had not won, and its last touch was still to come; b had."""
    listing = cc.analyse("attribution_linear", DATA, as_of=dt.date(2026, 2, 25))

    assert allocated(listing) == {"mail": 33.33}
    assert listing.fact("journeys_without_conversion") == 2
    assert "direct" not in listing["channel"].tolist()


def test_days_are_those_of_the_workspace() -> None:
    """T1: a touch at 23:30 UTC is on the next day in Berlin, after the deal was closed there."""
    data = cc.Dataset(
        touch=[{"account": "a", "channel": "mail", "at": dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)}],
        opportunity=[{"id": 1, "account": "a", "outcome": "won", "closed_at": dt.date(2026, 3, 1), "amount": 5}],
    )

    assert allocated(cc.analyse("attribution_linear", data)) == {"mail": 5}
    berlin = cc.Workspace(timezone="Europe/Berlin", language="zh").analyse("attribution_linear", data)
    assert allocated(berlin) == {}
    assert "无触点转化（未归因）：1" in str(berlin)


def test_currencies_convert_or_are_refused() -> None:
    """M2: amounts of two currencies have no common credit without rates; with them they count at the day of closing."""
    table = [
        {"id": 1, "account": "a", "outcome": "won", "closed_at": "2026-03-01", "amount": "10", "currency": "EUR"},
        {"id": 2, "account": "a", "outcome": "won", "closed_at": "2026-03-02", "amount": "10", "currency": "USD"},
    ]
    data = cc.Dataset(touch=[{"account": "a", "channel": "mail", "at": "2026-02-01"}], opportunity=table)
    rate = cc.Rate(from_currency="USD", to_currency="EUR", rate=Decimal("0.9"), valid_from=dt.date(2026, 1, 1))

    with pytest.raises(CurrencyError, match="several currencies"):
        cc.analyse("attribution_linear", data)
    one = cc.analyse("attribution_linear", data, deals=cc.col("currency") == "EUR")
    assert (allocated(one), one.fact("currency")) == ({"mail": 10}, "EUR")
    both = cc.Workspace(currency="EUR", rates=[rate]).analyse("attribution_linear", data)
    assert (allocated(both), both.fact("currency")) == ({"mail": 19}, "EUR")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("empty", [("touch",), ("opportunity",), ("touch", "opportunity", "lead")], ids="-".join)
def test_tables_without_rows(name, empty) -> None:
    """R2: no touch or no deal is a result: nothing is credited."""
    data = cc.Dataset(**{t: [] if t in empty else DATA[t] for t in ("touch", "opportunity", "lead")})
    listing = cc.analyse(name, data)

    assert listing.fact("conversions") == 0
    assert listing["conversions"].tolist() == [0] * len(listing)
    assert listing.fact("conversions_without_touch") == (0 if "opportunity" in empty else 3)


def test_one_touch_one_deal() -> None:
    """The smallest dataset gives its only channel everything, under every model."""
    data = cc.Dataset(
        touch=[{"account": 1, "channel": "展会", "at": "2026-01-01"}],
        lead=[{"id": 1, "created_at": "2026-01-01"}],
        opportunity=[
            {
                "id": 1,
                "account": 1,
                "lead": 1,
                "created_at": "2026-01-01",
                "outcome": "won",
                "closed_at": "2026-01-01",
                "amount": 9,
            }
        ],
    )

    for name in MODELS:
        assert allocated(cc.analyse(name, data)) == {"展会": 9}, name


def test_undated_and_unpriced_deals_are_counted() -> None:
    """M3, O4: a won deal without amount is a conversion without value; one without close date is left out."""
    data = cc.Dataset(
        touch=[{"account": "a", "channel": "mail", "at": "2026-01-01"}],
        opportunity=[
            {"id": 1, "account": "a", "outcome": "won", "closed_at": "2026-02-01", "amount": None},
            {"id": 2, "account": "a", "outcome": "won", "closed_at": None, "amount": 100},
        ],
    )
    listing = cc.analyse("attribution_linear", data)

    assert listing["conversions"].tolist() == [1]
    assert listing.fact("value") == 0
    assert listing.fact("conversions_without_amount") == 1
    assert listing.fact("conversions_without_date") == 1


def test_what_is_missing_is_named() -> None:
    """A table, a column or a model that is not there is an error with the nearest names."""
    alone = cc.Dataset(opportunity=DATA["opportunity"])

    with pytest.raises(TableNotFound, match="touch"):
        cc.analyse("attribution_linear", alone)
    with pytest.raises(ColumnNotFound, match="did you mean 'account'"):
        cc.analyse("attribution_linear", DATA, by="acount")
    with pytest.raises(AnalysisNotFound, match="attribution_linear"):
        cc.analyse("attribution_liner", DATA)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_an_entry_with_its_texts(name) -> None:
    """R4: a name, two labels and a summary of its own; it reads what it says it reads."""
    entry = ANALYSES[name]

    assert entry.run is getattr(deals, name.removeprefix("attribution_"))
    assert set(entry.labels) == {"en", "zh"}
    assert 20 <= len(entry.summary) <= 250
    assert entry.summary.endswith(".")
    assert entry.source.startswith("A13")
    assert "W3" in entry.rules
    narrow = cc.Dataset(**{t: {column: [] for column in columns} for t, columns in entry.needs.items()})
    assert len(cc.analyse(name, narrow)) == 0


def test_there_are_twelve_models() -> None:
    """Each model of the package is an analysis too."""
    from crmcore.analysis import attribution

    models = set(attribution.__all__) - {"Attribution", "Journeys", "from_paths", "from_touches"}
    assert {f"attribution_{m}" for m in models} == set(MODELS)
    assert len(MODELS) == 12
