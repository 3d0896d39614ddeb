"""Value only from confirmed use: the terms of outcomes, their recognition, and the ledger posted from it."""

from changetrack.domain.value.figures import MEASURES, Figures, figures
from changetrack.domain.value.knowledge import OutcomeHistory
from changetrack.domain.value.periods import PERIODS, next_period, period_end, period_of
from changetrack.domain.value.posting import CORRECTED, Posting, PostingKey, post
from changetrack.domain.value.recognition import Recognition, Step, recognise
from changetrack.domain.value.standing import promised
from changetrack.domain.value.terms import Attestation, OutcomeTerms, Reading

__all__ = [
    "CORRECTED",
    "MEASURES",
    "PERIODS",
    "Attestation",
    "Figures",
    "OutcomeHistory",
    "OutcomeTerms",
    "Posting",
    "PostingKey",
    "Reading",
    "Recognition",
    "Step",
    "figures",
    "next_period",
    "period_end",
    "period_of",
    "post",
    "promised",
    "recognise",
]
