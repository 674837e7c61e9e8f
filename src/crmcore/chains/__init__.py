"""Chains: Markov chains of what was seen to follow what, with ends that are never left again.

`absorbing` solves one; `stage_chains` learns that of the stages from the moves of deals, for an analysis to list and a
scorer to keep.
"""
