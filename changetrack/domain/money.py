"""Money as integer minor units of one ISO 4217 currency: how it is read and how it is written."""

import re
from decimal import Decimal

MAX_MINOR_UNITS = 10**15

_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
_WITH_FOUR = "CLF UYW"
_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT
    LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR
    NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYI UYU UYW UZS VED VES VND VUV WST
    XAF XCD XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())
_DECIMALS = {
    **dict.fromkeys(_WITHOUT_DECIMALS.split(), 0),
    **dict.fromkeys(_WITH_THREE.split(), 3),
    **dict.fromkeys(_WITH_FOUR.split(), 4),
}
_GROUPED_AMOUNT = re.compile(r"\d{1,3}(?:,\d{3})+\.\d{1,2}", re.ASCII)  # what was meant is plain, and can be told
_PLAIN_AMOUNT = re.compile(r"\d{1,15}(?:\.\d{1,12})?", re.ASCII)


def minor_digits(currency: str) -> int:
    """How many decimals an amount of `currency` has (ISO 4217): EUR 2, JPY 0, KWD 3."""
    return _DECIMALS.get(currency, 2)


def parse_currency(text: str) -> str:
    """The ISO 4217 code in `text`, upper-cased; raises ValueError with a sentence for the reader."""
    code = text.upper()
    if code not in CURRENCIES:
        raise ValueError(f"“{text}” is not a currency; write its three-letter code, such as EUR or USD.")
    return code


def parse_amount(text: str) -> Decimal:
    """A plain amount such as 1234 or 1234.50; raises ValueError where a separator could mean two things."""
    if _GROUPED_AMOUNT.fullmatch(text):
        raise ValueError(f"“{text}” is not an amount. Write {text.replace(',', '')}.")
    if not _PLAIN_AMOUNT.fullmatch(text):
        raise ValueError(f"“{text}” is not an amount; write digits with a point for decimals, such as 12500.50.")
    return Decimal(text)


def in_minor_units(amount: Decimal, currency: str) -> int:
    """`amount` in integer minor units of `currency`; ValueError if it has finer parts or exceeds 10^15."""
    scaled = amount.scaleb(minor_digits(currency))
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"{currency} has {minor_digits(currency)} decimals; {amount} has more.")
    if whole > MAX_MINOR_UNITS:
        raise ValueError(f"{amount} {currency} is more than can be kept.")
    return whole


def in_plain_figures(minor_units: int, currency: str) -> str:
    """`minor_units` as `parse_amount` reads it: no grouping, a point, all decimals of the currency."""
    digits = minor_digits(currency)
    return f"{Decimal(minor_units).scaleb(-digits):.{digits}f}"
