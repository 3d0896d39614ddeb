"""The record and the lists of accounts."""
