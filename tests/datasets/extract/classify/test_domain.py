"""Domain: the rules by hand, their score on the texts, and time that grows with length alone."""

import time

import pytest

from ratchet.datasets.example import Content, Step
from ratchet.datasets.extract.classify import domain_of


@pytest.mark.parametrize(
    ("ask", "domain"),
    [
        ("My flight was late.", "travel"),
        ("My ticket, my seat.", "general"),  # two weak words are not enough
        ("My ticket, my seat, my trip.", "travel"),
        ("Plan my flight home.", "travel"),
        ("Plan my week.", "planning"),
        ("Fix this python script.", "coding"),
        ("Who painted it?", "qa"),
        ("who painted it", "qa"),
        ("I wonder, it was painted by a what?", "qa"),
        ("It is late. Could you let me in?", "general"),
        ("Simplify \\\\frac{4}{8}.", "qa"),
        ("The Dutch paint in  _  .", "qa"),
        ("Write a function to sort names.", "coding"),
        ("How are you?", "general"),
        ("A flight takes 3 hours at 800 km/h. How far is it?", "qa"),
        ("True or false: a visa is a passport.", "qa"),
    ],
)
def test_the_rules_say_what_an_ask_is_about(ask: str, domain: str) -> None:
    assert domain_of(Content(input=ask, output="x")) == domain


def test_of_a_long_ask_the_ends_say_what_is_wanted() -> None:
    story = "The flight left the airport. " * 40
    asked = f"Here is a story. {'It rained. ' * 40}{story}{'It rained. ' * 40}Who was sad?"
    assert domain_of(Content(input=asked, output="Ann.")) == "qa"
    assert domain_of(Content(input=story[:800], output="Ann.")) == "travel"


def test_tools_and_later_words_speak_for_a_domain_and_are_capped() -> None:
    call = Step(kind="call", name="searchDirectFlight")
    ask = Content(input="The cheapest seat, please.", output="It is 40.", steps=(call,))
    assert domain_of(ask) == "travel"
    assert domain_of(ask.model_copy(update={"steps": ()})) == "general"
    later = "flight hotel airport visa luggage"
    code = Content(input="Debug the python code.", output=later)
    assert domain_of(code) == "coding"


@pytest.mark.parametrize("text", ["a " * 10**6, "select " * 10**5, "(a) " * 10**5, "9 " * 10**6])
def test_a_long_text_takes_no_longer_than_its_beginning(text: str) -> None:
    began = time.perf_counter()
    domain_of(Content(input=text, output=text))
    assert time.perf_counter() - began < 2
