"""The pages of value: what is real of what was promised, and every figure down to its entries."""

import csv
import io
import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from tests.factories import Cast
from tests.factories._saving import Saver

BrowserOf = Callable[[str], FlaskClient]


def test_without_anything_measured_the_page_says_how_to_begin(browser_of: BrowserOf) -> None:
    page = browser_of("ada").get("/value").text

    assert "Value begins with use" in page
    assert "/admin/sources" in page
