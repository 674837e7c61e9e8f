"""Chains: Markov chains of what was seen to follow what, with ends that are never left again.

`absorbing` solves one. `stage_chains` learns that of the stages from the moves of deals: an analysis lists it, and a
scorer keeps it.
"""
