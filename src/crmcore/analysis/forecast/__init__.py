"""Forecasts of a period: roll-up by category, weighted value, run rate, and how revenue and wins may come out."""
