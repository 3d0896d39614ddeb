"""What the tests of the customer's word share."""

import pytest

from tests.factories.asking import Asking
from tests.factories.walk import Walk


@pytest.fixture
def asking(walk: Walk) -> Asking:
    """An opened account with three people of the customer's and a proposed outcome of Mara's."""
    return Asking.at(walk)
