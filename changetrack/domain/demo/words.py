"""The words of a tale worked out: stretches unfolded, evidence kept up, all in order of days."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

_LASTS = {
    "open": 365, "gap": 180, "ask": 180, "meet": 45, "tell": 180, "reach": 180, "grasp": 180, "permit": 180,
    "publish": 365, "next": 180, "rule": 365, "hands": 28, "task": 90,
}  # fmt: skip
"""How long what a word records counts, in days."""

_STRETCHES = {
    "s1": (("open", 0.0), ("gap", 0.35), ("ask", 0.75), ("sign", 1.0)),
    "s2": (("people:2", 0.15), ("people:2", 0.45), ("meet", 0.0), ("sign", 1.0)),
    "s3": (("vision", 0.3), ("tell", 0.6), ("tell", 0.85), ("except", 1.0)),
    "t3": (("vision", 0.25), ("tell", 0.4), ("tell", 0.55), ("deal:1", 0.7), ("csign", 1.0)),
    "s4": (("reach", 0.4), ("grasp", 0.7), ("except", 1.0)),
    "t4": (("reach", 0.4), ("grasp", 0.6), ("hands", 0.95), ("sign", 1.0)),
    "s5": (("permit", 0.5), ("except", 1.0)),
    "t5": (("permit", 0.5), ("task", 0.8), ("except", 1.0)),
}
"""The usual way through a step: words, each after a share of the time; `t…` where use is seen."""

_RENEWED = 76  # days after which an attestation is given again, before it ends
_SHORT = 30  # what lasts less is renewed at the last moment
_HEARD_EVERY = 9  # days after which the customer is heard again, where evidence is kept up
_HEARD_FOR = 110  # days before today; of what was long before, the evidence tells enough
_QUIET = 4  # days up to a sign-off in which nothing is recorded: it would void the proposal


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that happens, so many days before today."""

    ago: int
    verb: str
    arguments: tuple[str, ...] = ()


def unfold(words: Iterable[str], chance: Random) -> list[Word]:
    """All that happens to an account, the oldest first: its words, stretches unfolded, its evidence kept up."""
    found: list[Word] = []
    kept: list[tuple[int, int]] = []
    for word in words:
        what, _, when = word.partition("@")
        verb, *arguments = what.split(":")
        first, *last = map(int, when.split("-"))
        if verb == "keep":
            kept.append((first, last[0]))
        elif verb == "upheld":
            found += [Word(ago, "attest", tuple(arguments)) for ago in range(first, last[0] - 1, -_RENEWED)]
        elif verb in _STRETCHES:
            found += _stretch(verb, arguments, first, last[0])
        else:
            found += _single(verb, tuple(arguments), first)
    for first, until in kept:
        found += _upkeep(found, first, until, chance)
    return sorted(found, key=lambda w: -w.ago)


def _stretch(verb: str, arguments: Sequence[str], first: int, last: int) -> Iterator[Word]:
    for part, share in _STRETCHES[verb]:
        name, *its = part.split(":")
        ago = first - round((first - last) * share)
        if name == "meet":
            ago = last + 4  # so that it still counts when it is signed
        if name == "except":
            its = [verb[1:], *arguments]
        yield from _single(name, tuple(its), ago)


def _single(verb: str, arguments: tuple[str, ...], ago: int) -> list[Word]:
    if verb == "csign":
        return [*_single("sign", (), ago), Word(max(ago - 2, 0), "customer")]
    if verb == "sign":
        return [Word(ago, "propose"), Word(max(ago - 1, 0), "countersign")]
    return [Word(ago, verb, arguments)]


def _upkeep(words: Sequence[Word], first: int, last: int, chance: Random) -> list[Word]:
    """What has to be recorded again from `first` to `last` days ago so that no evidence ends."""
    signed = [w.ago for w in words if w.verb == "propose"]
    found = []
    for verb, lasts in _LASTS.items():
        said = sorted((w.ago for w in words if w.verb == verb), reverse=True)
        if verb == "tell":
            said = said[1:]  # it takes two to hold
        for ago, following in zip(said, [*said[1:], last], strict=False):
            for again in _renewals(ago, max(following, last), lasts, chance):
                day = _undisturbed(again, signed)
                if day <= first:
                    found += [Word(day, verb, ("again",))] * (2 if verb == "tell" else 1)
    heard = range(min(first, _HEARD_FOR), last, -_HEARD_EVERY)
    return found + [Word(max(ago - chance.randrange(3), 0), "reply") for ago in heard]


def _renewals(ago: int, until: int, lasts: int, chance: Random) -> Iterator[int]:
    early = 15 if lasts > _SHORT else 1
    while (ago := ago - lasts + early + chance.randrange(4)) >= until:
        yield ago


def _undisturbed(ago: int, signed: Sequence[int]) -> int:
    return next((s + 1 for s in signed if s - _QUIET <= ago <= s), ago)
