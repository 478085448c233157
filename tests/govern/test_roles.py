"""Roles: who is who, who may, and who has to say why."""

import pytest

from ratchet.govern.roles import (
    CONSOLE,
    Actor,
    check_reason,
    machine,
    person,
    require_admin,
    require_reason,
)
from ratchet.kernel.errors import InvalidInput, Refused


def test_a_person_is_an_admin_and_a_machine_is_not() -> None:
    require_admin(person("ada"), "activate")
    require_admin(CONSOLE, "edit")
    with pytest.raises(Refused, match="activate wants the role admin") as caught:
        require_admin(machine("tuner"), "activate")
    assert caught.value.field == "role"


def test_a_person_who_is_no_admin_is_refused() -> None:
    with pytest.raises(Refused):
        require_admin(Actor(name="eve", kind="person", role="service"), "activate")


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_person_gives_a_reason(reason: str) -> None:
    with pytest.raises(InvalidInput, match="reject wants a reason") as caught:
        require_reason(person("ada"), reason, "reject")
    assert caught.value.field == "reason"


def test_a_machine_and_the_console_give_none() -> None:
    require_reason(machine("tuner"), "", "propose")
    require_reason(CONSOLE, "", "edit")


@pytest.mark.parametrize(
    "reason", ["x" * 501, "one\ntwo", "one\r\n", "one\u2028two", "red \x1b[31m", "tab\there", "\0"]
)
def test_a_reason_is_one_line_of_500_characters(reason: str) -> None:
    with pytest.raises(InvalidInput, match="the reason has") as caught:
        require_reason(person("ada"), reason, "reject")
    assert (caught.value.field, caught.value.mend) == ("reason", "say why in one line")
    with pytest.raises(InvalidInput, match="the reason has"):
        check_reason(person("ada"), reason)


@pytest.mark.parametrize("reason", ["x" * 500, "schöner, günstiger: 20\u00a0%, 好", "a 'quote'"])
def test_any_text_of_one_line_is_a_reason(reason: str) -> None:
    require_reason(person("ada"), reason, "reject")
    check_reason(person("ada"), "")


def test_what_the_machine_says_is_not_bounded() -> None:
    check_reason(machine("tuner"), "x" * 501)
    check_reason(CONSOLE, "one\ntwo")
