"""The walk of one account, for the tests of its journey."""

from tests.factories.walk import COALITION, GAP, Walk

__all__ = ["COALITION", "GAP", "Walk"]
