"""Money against published roundings and allocations."""

from __future__ import annotations

from decimal import Decimal

from crmcore.domain.money import Money, minor_units


def test_rounding_and_allocation_are_the_published_ones(vector) -> None:
    """M1, M6: half to even, which binary floats miss; 100.00 over three and 0.05 over 3:7 lose no cent."""
    published = vector("money-rounding")
    expected = published["expected"]

    rounded = [str(Money(value, "USD").quantize().amount) for value in published["input"]["values"]]

    assert rounded == expected["half_even"]
    assert [str(m.amount) for m in Money("100.00", "USD").allocate([1, 1, 1])] == expected["alloc_100_3"]
    assert [str(m.amount) for m in Money("0.05", "USD").allocate([3, 7])] == expected["alloc_0.05_3_7"]
    assert {code: minor_units(code) for code in expected["minor_units"]} == expected["minor_units"]
    assert round(2.675, 2) == expected["float"]  # what a float would have said
    assert Decimal(rounded[0]) != Decimal(str(expected["float"]))
