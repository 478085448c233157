from ratchet.datasets.protect.view import View, clean


def test_plain_text_is_its_own_view() -> None:
    assert clean("a@b.com") == View("a@b.com")


def test_tricks_are_seen_through_and_a_span_leads_back_to_all_that_hid_in_it() -> None:
    text = "an \u200ba\u200b@\u202eb\uff0ecom\u200b!"
    view = clean(text)
    assert view.text == "an a@b.com!"
    start, end = view.back(3, 10)
    assert text[start:end] == "a\u200b@\u202eb\uff0ecom"


def test_digits_dashes_and_spaces_of_any_script_are_the_plain_ones() -> None:
    assert clean("\u0664\u0661\u0665\u2011\uff15\u00a07\u2013").text == "415-5 7-"


def test_what_is_plainly_longer_stays_as_long_as_it_was() -> None:
    assert clean("\ufb01x\u2122").text == "\ufb01x\u2122"


def test_placeholders_are_masked() -> None:
    assert (
        clean("x [EMAIL_1] [EMAIL_01] [OTHER_1]").text
        == "x " + "\x00" * 9 + " [EMAIL_01] [OTHER_1]"
    )
