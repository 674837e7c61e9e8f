from .suite import StoreBase

__all__ = ["Histories"]


class Histories(StoreBase):
    pass
