"""Conditions to the letter, as partial indexes say them: with a bound value a database may pass the index over."""

from sqlalchemy import ColumnElement, literal_column

OPEN_ALERT: ColumnElement[bool] = literal_column("alerts.state <> 'resolved'")
OPEN_COMMITMENT: ColumnElement[bool] = literal_column("commitments.state = 'open'")
ENDED_COMMITMENT: ColumnElement[bool] = literal_column("commitments.state <> 'open'")
OPEN_PROPOSAL: ColumnElement[bool] = literal_column("proposals.state = 'open'")
UNMATCHED_EVENT: ColumnElement[bool] = literal_column("usage_events.state = 'unmatched'")
