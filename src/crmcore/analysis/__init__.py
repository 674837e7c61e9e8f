"""Analyses: what is not one formula - attribution, cohorts, segments, tiers, rankings, the parts of a change.

An analysis takes a `View` of a dataset, a result or arrays, and gives a `Listing`. Those on a view are run by name:
`crmcore.analyse("rfm_ntile", data)`. What works on plain arrays is a function of its module.
"""
