"""The letters of classes in the codes of unknowns."""

from __future__ import annotations

import re

from libraries import class_codes, substances


def test_every_class_of_the_substances_table_has_three_letters():
    classes = {each.class_name for each in substances.table() if each.class_name}
    assert {name for name in classes if class_codes.short(name) == class_codes.OTHER_CLASS} == set()
    assert all(re.fullmatch("[A-Z]{3}", code) for code in class_codes.codes().values())


def test_letters_that_mean_something_else_are_given_to_no_class():
    assert {class_codes.NO_CLASS, class_codes.OTHER_CLASS}.isdisjoint(class_codes.codes().values())


def test_no_class_and_an_unlisted_class_are_told_apart():
    assert class_codes.short("") == "GEN"
    assert class_codes.short("never heard of") == "OTH"
    assert class_codes.short(" Fentanyl ") == "FEN"
