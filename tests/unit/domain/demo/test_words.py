"""The words of a tale become what happens on which day: stretches unfold, evidence is kept up, sign-offs are spared."""

from itertools import pairwise
from random import Random

from changetrack.domain.demo.words import Word, unfold


def unfolded(text: str) -> list[Word]:
    return unfold(text.split(), Random(7))


def days_of(verb: str, text: str) -> list[int]:
    return [word.ago for word in unfolded(text) if word.verb == verb]


def test_a_word_names_what_happens_its_arguments_and_how_long_ago() -> None:
    assert unfolded("back:2:sponsor_left@18") == [Word(18, "back", ("2", "sponsor_left"))]


def test_the_oldest_comes_first_however_a_tale_puts_it() -> None:
    assert [w.verb for w in unfolded("ask@6 add@30 open@22")] == ["add", "open", "ask"]


def test_a_stretch_goes_the_usual_way_through_a_step() -> None:
    walked = [(w.verb, w.ago) for w in unfolded("s1@100-60")]

    assert walked == [("open", 100), ("gap", 86), ("ask", 70), ("propose", 60), ("countersign", 59)]


def test_beyond_step_2_a_stretch_ends_with_an_exception_that_names_its_step() -> None:
    *_, last = unfolded("s4:30@100-60")

    assert last == Word(60, "except", ("4", "30"))


def test_what_is_kept_up_is_said_again_before_it_ends() -> None:
    said = days_of("meet", "meet@200 keep@200-0")

    assert all(later >= earlier - 45 for earlier, later in pairwise(said))
    assert said[-1] <= 45


def test_nothing_is_kept_up_beyond_its_time() -> None:
    assert min(days_of("meet", "meet@200 keep@200-90")) >= 90


def test_it_takes_two_to_tell_the_vision_again() -> None:
    again = days_of("tell", "tell@300 tell@290 keep@300-100")[2:]

    assert len(again) == 2
    assert again[0] == again[1]


def test_nothing_is_said_again_while_a_proposal_waits() -> None:
    for start in range(120, 150):
        said = days_of("meet", f"meet@{start} sign@90 keep@{start}-0")

        assert not [ago for ago in said if 86 <= ago <= 90]
