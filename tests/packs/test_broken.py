"""Packs broken in every way somebody broke one: each mistake has its place, and says what is allowed there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.cli import main
from plugin.model.errors import PackError
from plugin.packs import loads
from plugin.packs.files import LARGEST

MORE = "and more of them"
PLACED = re.compile(r"[^:]+:\d+:\d+: .+: found .+, allowed .+")

GOOD = """\
pack: small
title: A small pack
zone: Europe/Berlin
calendars:
  always:
    hours: always
  office:
    hours:
      monday to friday: 09:00-17:00
    holidays: {of: [DE], also: [2027-12-24]}
natures:
  product: [broken]
words:
  complaint: [complain*]
clocks:
  first_response:
    clause: C3.1
    limit: 24 h
    calendar: always
  resolution:
    clause: A2.1
    limit: 30 days
    calendar: office
rules:
  - policy: classification
    mode: enforce
  - policy: deadlines
    mode: enforce
    options:
      waiting_ends_after: 14 days
messages:
  confirmation:
    en: {subject: "Settled: {number}", body: "On {closed_on}."}
retention:
  minimum: 6 months
  classes:
    service: 6 months
    complaint: 6 months
"""
OVER = "pack: own\nextends: service-standard\n"


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, f"{old!r} stands {GOOD.count(old)} times in the pack"
    return GOOD.replace(old, new)


def mistakes(file: Path) -> list[str]:
    """What ``steward pack validate`` says of a broken pack, line by line, the file called by its name alone."""
    ended = CliRunner().invoke(main, ["pack", "validate", str(file)])
    assert ended.exit_code == 1
    assert isinstance(ended.exception, SystemExit), ended.exception
    lines = [line.replace(f"{file.parent}{os.sep}", "") for line in ended.stderr.splitlines()]
    assert [line for line in lines if not PLACED.fullmatch(line)] == []
    return lines


def says(line: str, expected: str) -> bool:
    """Whether a line reads so; ``…`` stands for anything, the file is pack.yaml unless it is named."""
    named = expected if ".yaml:" in expected else f"pack.yaml:{expected}"
    return re.fullmatch(".*".join(map(re.escape, named.split("…"))), line) is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # -- no pack at all
        pytest.param("", ("1:1: pack: found nothing, allowed keys with values",), id="an empty file"),
        pytest.param("# nothing yet\n", ("1:1: pack: found nothing, allowed keys with values",), id="a comment only"),
        pytest.param("- a\n- b\n", ("1:1: pack: found a list, allowed keys with values",), id="a list"),
        pytest.param("just words", ("1:1: pack: found 'just words', allowed keys with values",), id="words"),
        pytest.param(
            changed("  always:\n", "\talways:\n"), ("5:1: pack: found a tab, allowed spaces",), id="a tab before a key"
        ),
        pytest.param(
            changed("    hours: always", "    hours:\n\t  monday: 09:00-17:00"),
            ("7:1: pack: found a tab, allowed spaces",),
            id="a tab between",
        ),
        pytest.param(
            changed("[broken]", "[broken"),
            ("12:12: pack: found a bracket that is never closed, allowed [one, two]",),
            id="a bracket never closed",
        ),
        pytest.param(
            changed('"On {closed_on}."', '"On {closed_on}.'),
            ("33:46: pack: found a quote that is never closed, allowed one before and one after the text",),
            id="a quote never closed",
        ),
        pytest.param(
            changed("title: A small pack", "title: A: small pack"),
            (
                "2:9: pack: found a second colon or a line set in too far, allowed one key: value in a line, texts"
                " with a …",
            ),
            id="two colons in a line",
        ),
        pytest.param(
            changed("title: A small pack", "title A small pack"),
            ("2:1: pack: found a line without a colon, allowed key: value",),
            id="a line without colon",
        ),
        pytest.param(
            changed("    limit: 24 h", "      limit: 24 h"),
            (
                "18:12: pack: found a second colon or a line set in too far, allowed one key: value in a line,"
                " texts with a …",
            ),
            id="a line set in unlike its neighbours",
        ),
        pytest.param(
            changed("zone: Europe/Berlin", "zone: Europe/Berlin\nzone: UTC"),
            ("4:1: zone: found the key zone a second time (first in line 3), allowed once",),
            id="a key twice",
        ),
        pytest.param(
            changed("    limit: 24 h", "    limit: 24 h\n    limit: 12 h"),
            ("19:5: clocks.first_response.limit: found the key limit a second time (first in line 18), allowed once",),
            id="a key twice further in",
        ),
        pytest.param(
            changed("[broken]", "*words"),
            ("12:12: natures.product: found the alias *words, allowed one whose &words stands above",),
            id="an alias to nothing",
        ),
        pytest.param(
            changed("[broken]", "&words [broken, *words]"),
            ("12:28: natures.product.1: found the alias *words, allowed one whose &words stands above",),
            id="an alias to itself",
        ),
        pytest.param(
            BOMB,
            ("5:28: e.5: found more than 50000 values, allowed fewer: aliases count each time",),
            id="aliases that multiply",
        ),
        pytest.param(
            changed("    limit: 30 days", "    <<: {limit: 30 days}"),
            (
                "21:5: clocks.resolution.limit: found nothing, allowed an amount and a unit: 90 min, 24 h, 8 …",
                "22:5: clocks.resolution: found the key <<, allowed keys written out; a whole pack is taken …",
            ),
            id="a merge key",
        ),
        pytest.param(
            changed("A small pack", "!!python/object/apply:os.system [id]"),
            (
                "2:8: title: found a list, allowed a text",
                "2:8: title: found the tag !!python/object/apply:os.system, allowed plain values",
            ),
            id="a tag that runs code",
        ),
        pytest.param(
            changed("A small pack", "!!binary aGVsbG8="),
            ("2:8: title: found the tag !!binary, allowed plain values",),
            id="binary",
        ),
        pytest.param(
            changed("24 h", "!duration 24 h"),
            ("18:12: clocks.first_response.limit: found the tag !duration, allowed plain values",),
            id="a tag of one's own",
        ),
        pytest.param(
            GOOD + "---\npack: other\n",
            ("39:1: pack: found a second document (---), allowed one",),
            id="a second document",
        ),
        pytest.param(
            changed("A small pack", "A small\x00pack"),
            ("2:15: pack: found a character that cannot be shown (U+0000), allowed text",),
            id="a control character",
        ),
        pytest.param(
            "a: " + "[" * 5000,
            ("1:34: pack: found values more than 30 deep, allowed fewer: close the brackets",),
            id="brackets without end",
        ),
        pytest.param(
            "a: " + "{a: " * 5000,
            ("1:121: pack: found values more than 30 deep, allowed fewer: close the brackets",),
            id="braces without end",
        ),
        pytest.param(
            changed("title: A small pack", "[a, b]: A small pack"),
            ("1:1: title: found nothing, allowed a text", "2:1: pack: found a list for a key, allowed a name"),
            id="a list for a key",
        ),
        pytest.param(
            changed("title: A small pack", "? \n: A small pack"),
            ("1:1: title: found nothing, allowed a text", "2:2: pack: found nothing for a key, allowed a name"),
            id="a key of nothing",
        ),
        pytest.param(
            changed(
                "rules:\n  - policy: classification\n    mode: enforce\n  - policy: deadlines\n    mode: enforce\n "
                "   options:\n      waiting_ends_after: 14 days\n",
                "rules:\n  classification: enforce\n",
            ),
            ("25:3: rules: found keys with values, allowed a list",),
            id="rules as keys",
        ),
        pytest.param(
            changed("  - policy: classification\n    mode: enforce\n", "  - classification\n"),
            ("25:5: rules.0: found 'classification', allowed keys with values: name, mode, when, …",),
            id="a rule that is a word",
        ),
        pytest.param(
            changed("retention:", "reten\u2028tion:"),
            ("34:1: reten tion: found the key reten tion, allowed … did you mean retention?",),
            id="a key over two lines",
        ),
        pytest.param("? " * 5000, ("1:63: pack: found values more than 30 deep, allowed …",), id="keys of keys"),
        pytest.param(
            changed("title: A small pack", "? 0x" + "f" * 5000 + "\n: A small pack"),
            ("1:1: title: …", "2:3: ?: found a number of 5002 digits, allowed fewer, or a text in quotes"),
            id="a key that is a number nobody can say",
        ),
        pytest.param(
            changed("title: A small pack", "title: A small pack\n" + "t" * 500 + ": A small pack"),
            ("3:1: pack: found 'ttt… for a key, allowed a name",),
            id="a key that is a story",
        ),
        pytest.param(
            changed("natures:", "# ===== extends base.yaml =====\nnatures:"),
            ("11:1: pack: found a line only kept packs have, allowed it behind an extends",),
            id="a line that parts kept packs",
        ),
        # values
        pytest.param(
            changed("limit: 24 h", "limit: 24"),
            (
                "18:12: clocks.first_response.limit: found 24, allowed an amount and a unit: 90 min, 24 h, 8 …; did"
                " you mean 24 h?",
            ),
            id="no unit",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 24 moons"),
            (
                "18:12: clocks.first_response.limit: found '24 moons', allowed an amount and a unit: 90 min, 24 h,"
                " 8 …; did you mean 24 months?",
            ),
            id="a unit nobody knows",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 24 hourz"),
            (
                "18:12: clocks.first_response.limit: found '24 hourz', allowed an amount and a unit: 90 min, 24 h,"
                " 8 …; did you mean 24 hours?",
            ),
            id="hours misspelt",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 1 hourz"),
            (
                "18:12: clocks.first_response.limit: found '1 hourz', allowed an amount and a unit: 90 min, 24 h,"
                " 8 …; did you mean 1 hour?",
            ),
            id="one hour misspelt",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 1 Werktage"),
            (
                "18:12: clocks.first_response.limit: found '1 Werktage', allowed an amount and a unit: 90 min, 24 h,"
                " 8 …; did you mean 1 working day?",
            ),
            id="one day in German",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 2 business days"),
            (
                "18:12: clocks.first_response.limit: found '2 business days', allowed an amount and a unit: 90 min,"
                " 24 h, 8 …; did you mean 2 working days?",
            ),
            id="business days",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 8 bussines hours"),
            (
                "18:12: clocks.first_response.limit: found '8 bussines hours', allowed an amount and a unit: 90 min,"
                " 24 h, 8 …; did you mean 8 working hours?",
            ),
            id="business misspelt",
        ),
        pytest.param(
            changed("limit: 30 days", "limit: 30 days working"),
            (
                "22:12: clocks.resolution.limit: found '30 days working', allowed an amount and a unit: 90 min, 24 h,"
                " 8 …; did you mean 30 working days?",
            ),
            id="a unit the wrong way round",
        ),
        pytest.param(
            changed("limit: 30 days", "limit: 1 year"),
            (
                "22:12: clocks.resolution.limit: found '1 year', allowed an amount and a unit: 90 min, 24 h, 8 …;"
                " did you mean 12 months?",
            ),
            id="a year",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 0 h"),
            ("18:12: clocks.first_response.limit: found 0 h, allowed more than nothing",),
            id="nothing at all",
        ),
        pytest.param(
            changed("limit: 30 days", "limit: 1.5 days"),
            ("22:12: clocks.resolution.limit: found 1.5 days, allowed whole days",),
            id="half a day",
        ),
        pytest.param(
            changed("limit: 30 days", "limit: 9999999 weeks"),
            ("22:12: clocks.resolution.limit: found 9999999 weeks, allowed 100 years at most",),
            id="longer than a life",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 8 working hours"),
            (
                "18:12: clocks.first_response.limit: found 8 working hours on the calendar always, which never"
                " closes, allowed 8 h, or a calendar with hours: office",
            ),
            id="working hours where it never closes",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 24 h\n    target: 2 days"),
            ("19:13: clocks.first_response.target: found 2 days, allowed up to the limit of 24 h",),
            id="a target after the limit",
        ),
        pytest.param(
            changed("limit: 30 days", "limit: 30 days\n    extended_limit: 2 weeks"),
            ("23:21: clocks.resolution.extended_limit: found 2 weeks, allowed more than the limit of 30 days",),
            id="extended to less",
        ),
        pytest.param(
            changed(
                "limit: 24 h",
                "limit: 24 h\n    target: 20 h\n    instead:\n      - when: {vip: true}\n        limit: 8 h",
            ),
            ("21:9: clocks.first_response.instead.0.target: found 20 h, allowed up to the limit of 8 h",),
            id="another time that is later than its target",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 24 h\n    instead:\n      - when: {vip: true}\n        calendar: ofice"),
            (
                "21:19: clocks.first_response.instead.0.calendar: found 'ofice', allowed a calendar of this pack:"
                " always, office; did you mean office?",
            ),
            id="another time on no calendar",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 24 h\n    instead:\n      - limit: 8 h"),
            ("20:9: clocks.first_response.instead.0.when: found nothing, allowed keys with values",),
            id="another time for nobody said",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 24 h\n    pauses: yes"),
            ("19:13: clocks.first_response.pauses: found 'yes', allowed true or false; did you mean true?",),
            id="yes for true",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 24 h\n    warn_at: .nan"),
            (
                "19:14: clocks.first_response.warn_at: found nan, allowed a share above 0 % and up to 100 %, such"
                " as 75 %",
            ),
            id="not a number",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 24 h\n    warn_at: 0 %"),
            (
                "19:14: clocks.first_response.warn_at: found '0 %', allowed a share above 0 % and up to 100 %, such"
                " as 75 %",
            ),
            id="no share",
        ),
        pytest.param(
            changed("limit: 24 h", "limit: 24 h\n    warn_at: 120 %"),
            (
                "19:14: clocks.first_response.warn_at: found '120 %', allowed a share above 0 % and up to 100 %,"
                " such as 75 %",
            ),
            id="more than all",
        ),
        pytest.param(
            changed("waiting_ends_after: 14 days", "waiting_ends_after: .inf"),
            (
                "30:27: rules.deadlines.options.waiting_ends_after: found inf, allowed an amount and a unit: 90"
                " min, 24 h, 8 …",
            ),
            id="endless",
        ),
        pytest.param(
            changed("    mode: enforce\n    options", "    limit: " + "9" * 5000 + "\n    mode: enforce\n    options"),
            ("28:12: rules.deadlines.limit: found '9999……, allowed a value that exists, or a text in quotes",),
            id="a number of 5000 digits",
        ),
        pytest.param(
            changed("    mode: enforce\n    options", "    limit: 1" + "0" * 30 + "\n    mode: enforce\n    options"),
            ("28:12: rules.deadlines.limit: found 1000000000000000000000000000000, allowed a whole number from 1",),
            id="a number beyond reason",
        ),
        pytest.param(
            changed("    mode: enforce\n    options", "    limit: 0\n    mode: enforce\n    options"),
            ("28:12: rules.deadlines.limit: found 0, allowed a whole number from 1",),
            id="less than one ticket",
        ),
        pytest.param(
            changed("2027-12-24", "2027-02-30"),
            (
                "10:33: calendars.office.holidays.also.0: found '2027-02-30', allowed a value that exists, or a"
                " text in quotes",
            ),
            id="a date that does not exist",
        ),
        pytest.param(
            changed("2027-12-24", "2027-12-24T10:00:00Z"),
            (
                "10:33: calendars.office.holidays.also.0: found 2027-12-24 10:00:00+00:00, allowed a date such as"
                " 2027-05-01",
            ),
            id="a moment for a date",
        ),
        pytest.param(
            changed("pack: small", "pack: 2027-12-24"),
            ("1:7: pack: found 2027-12-24, allowed a name of small letters, digits, - and _",),
            id="a date for a name",
        ),
        pytest.param(
            changed("pack: small", "pack: Small pack!"),
            ("1:7: pack: found 'Small pack!', allowed a name of small letters, digits, - and _",),
            id="a name with blanks",
        ),
        pytest.param(
            changed("[DE]", "[Germany]"),
            (
                "10:21: calendars.office.holidays.of.0: found 'Germany', allowed a country's two letters such as"
                " DE, CN, …; did you mean DE?",
            ),
            id="a country written out",
        ),
        pytest.param(
            changed("[DE]", "[DE-BX]"),
            ("10:21: calendars.office.holidays.of.0: found 'DE-BX', allowed DE, or DE- with one of BB, BE, BW, BY, …",),
            id="a part of a country that is none",
        ),
        pytest.param(
            changed("zone: Europe/Berlin", "zone: Berlin"),
            ("3:7: zone: found 'Berlin', allowed the name of a time zone such as …; did you mean Europe/Berlin?",),
            id="a city for a zone",
        ),
        pytest.param(
            changed("zone: Europe/Berlin", "zone: Europe/Berlin\nlanguage: klingon"),
            ("4:11: language: found 'klingon', allowed en, de, zh-CN",),
            id="a language nobody speaks here",
        ),
        pytest.param(
            changed("zone: Europe/Berlin", "zone: Europe/Berlin\nlanguage: ZH-cn"),
            ("4:11: language: found 'ZH-cn', allowed en, de, zh-CN; did you mean zh-CN?",),
            id="a language in capitals",
        ),
        pytest.param(
            changed("monday to friday", "montag to freitag"),
            (
                "9:7: calendars.office.hours.montag to freitag: found the key montag to freitag, allowed monday,"
                " tuesday, wednesday, thursday, …; did you mean monday to friday?",
            ),
            id="days in German",
        ),
        pytest.param(
            changed("monday to friday", "Mon-Fri"),
            (
                "9:7: calendars.office.hours.Mon-Fri: found the key Mon-Fri, allowed monday, tuesday, wednesday,"
                " thursday, …; did you mean monday to friday?",
            ),
            id="days cut short",
        ),
        pytest.param(
            changed("09:00-17:00", "9-17"),
            (
                "9:25: calendars.office.hours.monday to friday: found '9-17', allowed times such as 09:00-17:00,"
                " several with …; did you mean 09:00-17:00?",
            ),
            id="hours cut short",
        ),
        pytest.param(
            changed("09:00-17:00", "17:00-09:00"),
            (
                "9:25: calendars.office.hours.monday to friday: found '17:00-09:00', allowed openings in order,"
                " each before its …",
            ),
            id="hours backwards",
        ),
        pytest.param(
            changed("monday to friday: 09:00-17:00", "monday: closed"),
            ("9:7: calendars.office.hours: found hours that never open, allowed times on one weekday at least",),
            id="a calendar that never opens",
        ),
        pytest.param(
            changed("complain*", "(a+)+*b"),
            ("14:15: words.complaint.0: found '(a+)+*b', allowed words of two letters or more, with * …",),
            id="an evil pattern",
        ),
        pytest.param(
            changed("complain*", "'*'"),
            ("14:15: words.complaint.0: found '*', allowed words of two letters or more, with * …",),
            id="a word for everything",
        ),
        pytest.param(
            changed("[complain*]", "complain"),
            ("14:14: words.complaint: found 'complain', allowed a list; did you mean [complain]?",),
            id="a word for a list",
        ),
        pytest.param(
            changed("    service: 6 months", "    service: 5 months"),
            ("37:14: retention.classes.service: found 5 months, allowed the minimum of 6 months or longer",),
            id="kept too short",
        ),
        pytest.param(
            changed("  product: [broken]\n", ""),
            ("11:1: natures: found nothing, allowed keys with values",),
            id="nothing where keys belong",
        ),
        # names
        pytest.param(
            changed("policy: deadlines", "policy: dedlines"),
            ("27:13: rules.dedlines.policy: found 'dedlines', allowed …; did you mean deadlines?",),
            id="a policy misspelt",
        ),
        pytest.param(
            changed("waiting_ends_after", "waiting_end_after"),
            (
                "30:7: rules.deadlines.options.waiting_end_after: found the key waiting_end_after, allowed"
                " waiting_ends_after, extension_needs_second_person; did you mean waiting_ends_after?",
            ),
            id="an option misspelt",
        ),
        pytest.param(
            changed("  resolution:", "  resolutoin:"),
            ("20:3: clocks.resolutoin: found the key resolutoin, allowed …; did you mean resolution?",),
            id="a clock misspelt",
        ),
        pytest.param(
            changed("calendar: office", "calendar: ofice"),
            (
                "23:15: clocks.resolution.calendar: found 'ofice', allowed a calendar of this pack: always, office;"
                " did you mean office?",
            ),
            id="a calendar misspelt",
        ),
        pytest.param(
            changed("retention:", "retenton:"),
            ("34:1: retenton: found the key retenton, allowed …; did you mean retention?",),
            id="a key misspelt",
        ),
        pytest.param(
            changed("  - policy: classification\n    mode: enforce", "  - policy: classification\n    mode: enforced"),
            (
                "26:11: rules.classification.mode: found 'enforced', allowed observe, enforce, off; did you mean"
                " enforce?",
            ),
            id="a mode misspelt",
        ),
        pytest.param(
            changed("    mode: enforce\n    options", "    mode: enforce\n    when: {tiers: [majer]}\n    options"),
            (
                "29:20: rules.deadlines.when.tiers.0: found 'majer', allowed general, serious, major; did you mean"
                " major?",
            ),
            id="a tier misspelt",
        ),
        pytest.param(
            changed("    mode: enforce\n    options", "    mode: enforce\n    when: {natures: [produkt]}\n    options"),
            (
                "29:22: rules.deadlines.when.natures.0: found 'produkt', allowed a nature of this pack: product;"
                " did you mean product?",
            ),
            id="a nature the pack has not",
        ),
        pytest.param(
            changed(
                "    mode: enforce\n    options", "    mode: enforce\n    when: {natures: [[product]]}\n    options"
            ),
            ("29:22: rules.deadlines.when.natures.0: found a list, allowed a name of small letters, digits and _",),
            id="a list for a nature",
        ),
        pytest.param(
            changed("  minimum: 6 months\n", "  minimum: 6 months\n  default_class: [service]\n"),
            ("36:18: retention.default_class: found a list, allowed a name of small letters, digits and _",),
            id="a list for a class",
        ),
        pytest.param(
            changed("[2027-12-24]}\n", "[2027-12-24]}\n    make_up_hours: [monday]\n"),
            ("11:20: calendars.office.make_up_hours: found a list, allowed a weekday whose hours are kept …",),
            id="a list for the hours that are made up for",
        ),
        pytest.param(
            changed("[2027-12-24]}\n", "[2027-12-24]}\n    make_up_days: {2027-10-10: [monday]}\n"),
            ("11:32: calendars.office.make_up_days.2027-10-10: found a list, allowed a weekday whose hours …",),
            id="a list for a day that is made up for",
        ),
        pytest.param(
            changed(
                "natures:\n",
                "group_natures: {Web shop: produkt}\nattribute_natures: {category: {App: sistem}}\nnatures:\n",
            ),
            (
                "11:27: group_natures.Web shop: found 'produkt', allowed a nature of this pack: product; did you mean"
                " product?",
                "12:37: attribute_natures.category.App: found 'sistem', allowed a nature of this pack: product",
            ),
            id="natures that groups and values are given",
        ),
        pytest.param(
            changed(
                "  - policy: deadlines\n",
                "    options: {large_losses: ['5000']}\n  - policy: deadlines\n",
            ),
            (
                "27:14: rules.classification.options: found 5000, allowed an amount such as 5000 EUR (EUR, USD, GBP,"
                " CHF, CNY, TWD, HKD)",
            ),
            id="a loss without its currency",
        ),
        pytest.param(
            changed(
                "  - policy: deadlines\n",
                "    options: {weight_vip: -5}\n  - policy: deadlines\n",
            ),
            ("27:14: rules.classification.options: found weight_vip: -5, allowed weights from 0 points",),
            id="a weight below nothing",
        ),
        pytest.param(
            changed("rules:\n", "rules:\n  - policy: repeat_complaints\n    options: {within: 3 months}\n"),
            ("26:14: rules.repeat_complaints.options: found 3 months, allowed days or weeks, such as 90 days",),
            id="a window of months",
        ),
        pytest.param(
            changed("  - policy: deadlines\n", "  - policy: classification\n  - policy: deadlines\n"),
            ("27:5: rules.classification: found classification again for the same tickets, allowed once per when",),
            id="a policy twice",
        ),
        pytest.param(
            changed("  - policy: classification\n", "  - policy: classification\n    when: {vip: true}\n"),
            (
                "26:12: rules.classification.when.vip: found the key vip, allowed groups: classification itself"
                " finds out the rest",
            ),
            id="what classification finds out for classification",
        ),
        pytest.param(
            changed("{number}", "{nummber}"),
            (
                "33:19: messages.confirmation.en.subject: found {nummber}, allowed {number}, {closed_on}; did you"
                " mean {number}?",
            ),
            id="a placeholder misspelt",
        ),
        pytest.param(
            changed("{closed_on}", "{answer_by}"),
            ("33:46: messages.confirmation.en.body: found {answer_by}, allowed {number}, {closed_on}",),
            id="a placeholder of another message",
        ),
        pytest.param(
            changed("On {closed_on}.", "On {closed_on."),
            (
                "33:46: messages.confirmation.en.body: found a single brace, allowed {number}, {closed_on}, or {{"
                " and }} for braces",
            ),
            id="a brace alone",
        ),
        pytest.param(
            changed("{number}", "{number.__class__}"),
            ("33:19: messages.confirmation.en.subject: found {number.__class__}, allowed {number}, {closed_on}",),
            id="a placeholder that looks inside",
        ),
        pytest.param(
            changed("{number}", "{number:>999999999}"),
            (
                "33:19: messages.confirmation.en.subject: found {number:>999999999}, allowed {number}, {closed_on};"
                " did you mean {number}?",
            ),
            id="a placeholder with a format",
        ),
        pytest.param(
            changed("    en: {subject", "    de: {subject"),
            ("33:5: messages.confirmation: found no en, the language of this pack (only de), allowed a text in it",),
            id="a message in another language only",
        ),
        pytest.param(
            changed("  confirmation:", "  confirmaton:"),
            (
                "32:3: messages.confirmaton: found the key confirmaton, allowed confirmation, closing,"
                " acknowledgement, interruption, interruption_until, restored; did you mean confirmation?",
            ),
            id="a message nobody sends",
        ),
        # extends
        pytest.param(
            "pack: own\nextends: service-standrad\n",
            (
                "2:10: extends: found 'service-standrad', allowed asic-rg271, fca-disp, service-standard, …; did"
                " you mean service-standard?",
            ),
            id="a base misspelt",
        ),
        pytest.param(
            "pack: own\nextends: base.yaml\n",
            ("2:10: extends: found 'base.yaml', allowed asic-rg271, fca-disp, service-standard, …",),
            id="a base that is not there",
        ),
        pytest.param(
            "pack: own\nextends: [service-standard]\n",
            (
                "2:10: extends: found '[service-standard]', allowed asic-rg271, fca-disp, service-standard, …; did"
                " you mean service-standard?",
            ),
            id="a base that is a list",
        ),
        pytest.param(
            "{pack: own, extends: service-standard}\n",
            ("1:22: extends: found 'service-standard', allowed a line of its own with one name or …",),
            id="a base in a flow",
        ),
        pytest.param(
            "pack: own\nextends: pack.yaml\n",
            ("2:10: extends: found 'pack.yaml', allowed a pack that does not come back here …",),
            id="a pack that extends itself",
        ),
        pytest.param(
            "extends: service-standard\n",
            ("1:1: pack: found nothing, allowed a name of small letters, digits, - and _",),
            id="no name of its own",
        ),
        pytest.param(
            OVER + "rules:\n  - name: dedlines\n    mode: off\n",
            ("4:5: rules: found the name dedlines, allowed …; did you mean deadlines?",),
            id="a rule the base has not",
        ),
        pytest.param(
            OVER + "words:\n  complaint: {without: [complane*]}\n",
            ("4:25: words.complaint.without: found 'complane*', allowed what is in the list; did you mean complain*?",),
            id="a word taken out that is not in",
        ),
        pytest.param(
            OVER + "zonne: null\n",
            ("3:1: zonne: found the key zonne, allowed …; did you mean zone?",),
            id="a key the base has not taken away",
        ),
        pytest.param(
            OVER + "calendars:\n  always: null\n",
            (
                "service-standard.yaml:…:15: clocks.first_response.calendar: found 'always', allowed a calendar of"
                " this pack: office (as …",
                "service-standard.yaml:…:15: clocks.assessment.calendar: found 'always', allowed a calendar of"
                " this pack: office (as …",
                MORE,
            ),
            id="a calendar taken away that is used",
        ),
        pytest.param(
            "pack: own\nextends: fca-disp\nclocks:\n  resolution: {limit: 2 working days}\n",
            (
                "fca-disp.yaml:…:13: clocks.resolution.target: found 3 working days, allowed up to the limit of 2"
                " working days (as …",
            ),
            id="a limit under the target of the base",
        ),
        pytest.param(
            OVER + "words:\n  complaint: {add: refund}\n",
            ("4:20: words.complaint.add: found 'refund', allowed a list",),
            id="changes of a list that is no list",
        ),
    ],
)
def test_a_broken_pack_is_refused_at_the_place_of_the_mistake(
    text: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "pack.yaml"
    file.write_text(text, encoding="utf-8", newline="")
    found, wanted = mistakes(file), [*expected]
    if wanted[-1] == MORE:
        found = found[: len(wanted) - 1]
        wanted.pop()
    assert [pair for pair in zip_longest(found, wanted, fillvalue="") if not says(*pair)] == []


def test_the_pack_that_is_broken_here_is_good_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    file.write_text(GOOD, encoding="utf-8")
    assert CliRunner().invoke(main, ["pack", "validate", str(file)]).exit_code == 0


CHANGES = (
    OVER
    + """\
people: {supervisors: [chief]}
words:
  complaint: {add: [refund], without: [Beschwerd*]}
clocks:
  first_response:
    instead:
      - when: {vip: true, groups: [Shop]}
        limit: 4 h
rules:
  - {name: stages, mode: off}
  - name: deadlines
    options: {waiting_ends_after: 7 days}
    share: 10 %
"""
)
DAMAGE = (
    *(
        "\t",
        " ",
        "\n",
        ":",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a",
        "!",
        "|",
        ">",
        "'",
        '"',
        "#",
        "%",
        ",",
        "? ",
        "---\n",
    ),
    *("null", "~", "\0", "é", "投", "0x", "1e9", "add:", "extends: x\n", "<<: *a", "2027-13-99", "off", "\r", "\u2028"),
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from((GOOD, CHANGES)),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(DAMAGE)), min_size=1, max_size=4),
)
def test_whatever_is_damaged_is_read_or_refused_by_line(text: str, damage: list[tuple[float, int, str]]) -> None:
    for place, length, instead in damage:
        at = int(place * len(text))
        text = text[:at] + instead + text[at + length :]
    assert [line for line in said_of(text) if not PLACED.fullmatch(line)] == []


def said_of(text: str) -> list[str]:
    try:
        loads(text, name="pack.yaml")
    except PackError as refused:
        return str(refused).splitlines()
    return []


# -- files ------------------------------------------------------------------------------------------------------------

Make = Callable[[Path], None]


def of_bytes(content: bytes) -> Make:
    def make(file: Path) -> None:
        file.write_bytes(content)

    return make


def circle(file: Path) -> None:
    file.write_text("pack: one\nextends: two.yaml\n", encoding="utf-8")
    file.with_name("two.yaml").write_text("pack: two\n# back again\nextends: pack.yaml\n", encoding="utf-8")


def chain(file: Path) -> None:
    names = [file.name, *(f"base{number}.yaml" for number in range(1, 6))]
    for name, base in zip(names, [*names[1:], "service-standard"], strict=True):
        file.with_name(name).write_text(f"pack: own\nextends: {base}\n", encoding="utf-8")


def broken_base(file: Path) -> None:
    file.write_text("pack: own\nextends: base.yaml\n", encoding="utf-8")
    file.with_name("base.yaml").write_text(GOOD.replace("24 h", "24 hrs"), encoding="utf-8")


def unreadable_base(file: Path) -> None:
    file.write_text("pack: own\nextends: base.yaml\n", encoding="utf-8")
    file.with_name("base.yaml").mkdir()


def loop(file: Path) -> None:
    file.symlink_to(file)


def nothing(file: Path) -> None:
    """There is no file."""


BROKEN = GOOD.replace("zone: Europe/Berlin", "zone: Berlin")
PLACE = "3:7: zone: found 'Berlin', allowed … did you mean Europe/Berlin?"


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(nothing, "1:1: pack: found no file to read (No such file or directory), allowed …", id="no file"),
        pytest.param(Path.mkdir, "1:1: pack: found a directory, allowed a file", id="a directory"),
        pytest.param(os.mkfifo, "1:1: pack: found no file, allowed a file", id="a pipe nobody writes to"),
        pytest.param(loop, "1:1: pack: found no file to read (…), allowed …", id="a link to itself"),
        pytest.param(
            of_bytes(b"# " + b"x" * 5_000_000),
            f"1:1: pack: found more than {LARGEST // 1024} KB, allowed a pack of that size at most",
            id="five megabytes",
        ),
        pytest.param(
            of_bytes(GOOD.replace("small pack", "Beschwerdef\u00fchrer").encode("latin-1")),
            "2:21: pack: found the byte 0xfc, which is not UTF-8, allowed a text in UTF-8",
            id="Latin-1",
        ),
        pytest.param(
            of_bytes(GOOD.encode("utf-16")),
            "1:1: pack: found UTF-16, allowed a text in UTF-8: save it as UTF-8",
            id="UTF-16",
        ),
        pytest.param(of_bytes(b"\x00\xff" * 400), "1:2: pack: found the byte 0xff, …, allowed …", id="no text at all"),
        pytest.param(of_bytes(b"\xef\xbb\xbf" + BROKEN.encode()), PLACE, id="a mark before the text"),
        pytest.param(of_bytes(BROKEN.replace("\n", "\r\n").encode()), PLACE, id="lines of Windows"),
        pytest.param(of_bytes(BROKEN.replace("\n", "\r").encode()), PLACE, id="lines of an old Mac"),
        pytest.param(
            circle,
            "two.yaml:3:10: extends: found 'pack.yaml', allowed a pack that does not come back here"
            " (pack.yaml → two.yaml → pack.yaml)",
            id="two that extend each other",
        ),
        pytest.param(
            chain,
            "base4.yaml:2:10: extends: found 'base5.yaml', allowed 5 packs that extend one another",
            id="a chain without end",
        ),
        pytest.param(
            broken_base,
            "base.yaml:18:12: clocks.first_response.limit: found '24 hrs', allowed …; did you mean 24 h?"
            " (as pack.yaml:2:10 extends it)",
            id="a mistake in the base",
        ),
        pytest.param(unreadable_base, "base.yaml:1:1: pack: found a directory, allowed a file", id="a base to open"),
    ],
)
def test_a_file_that_is_no_pack_is_refused(make: Make, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    make(file)
    assert says(mistakes(file)[0], expected), mistakes(file)
