"""What is written in a style comes back as the value it stands for; what allows two readings is asked; nothing is dropped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsheet.sheets.ingest import facts, types_units
from chatsheet.sheets.ingest.types import ReadingUnknown, decide, settle
from chatsheet.sheets.ingest.types_model import SURE_ENOUGH, Override
from tests.sheets.columns import load, read, read_native, values

AMOUNTS = st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=2), min_size=1, max_size=12)
WHOLES = st.lists(st.integers(min_value=-(10**12), max_value=10**12), min_size=1, max_size=12)
DAYS = st.lists(st.dates(min_value=date(1970, 1, 1), max_value=date(2067, 12, 31)), min_size=1, max_size=12)
SOME = settings(max_examples=30, deadline=None)


@dataclass(frozen=True, slots=True)
class Style:
    """How a person writes amounts."""

    mark: str = "."
    group: str = ""
    before: str = ""
    after: str = ""
    in_brackets: bool = False
    minus_last: bool = False

    def write(self, amount: Decimal, places: int = 2) -> str:
        """Return the amount as this person writes it."""
        digits = f"{abs(amount):,.{places}f}".replace(",", "\0").replace(".", self.mark).replace("\0", self.group)
        text = f"{self.before}{digits}{self.after}"
        if amount >= 0:
            return text
        return f"({text})" if self.in_brackets else f"{text}-" if self.minus_last else f"-{text}"


STYLES = [
    Style(),
    Style(group=","),
    Style(mark=",", group="."),
    Style(mark=",", group=" "),
    Style(mark=",", group="\u202f"),
    Style(group="'"),
    Style(group="\u2019", before="CHF "),
    Style(group=",", before="$"),
    Style(mark=",", group=".", after=" \u20ac"),
    Style(mark=",", group=".", after=" EUR"),
    Style(group=",", before="\u00a3", in_brackets=True),
    Style(group=",", in_brackets=True),
    Style(mark=",", group=".", minus_last=True),
    Style(mark=",", after=" kg"),
]


@SOME
@given(amounts=AMOUNTS, style=st.sampled_from(STYLES))
def test_an_amount_written_in_a_style_comes_back(amounts: list[Decimal], style: Style) -> None:
    decision, found = read([style.write(amount) for amount in amounts])
    assert decision.type == "decimal", decision.evidence
    assert found == tuple(float(amount) for amount in amounts)


@SOME
@given(wholes=WHOLES, style=st.sampled_from(STYLES))
def test_whole_amounts_come_back_or_are_asked(wholes: list[int], style: Style) -> None:
    decision, found = read([style.write(Decimal(whole), places=0) for whole in wholes])
    assert found == tuple(wholes) if decision.type == "integer" else decision.readings


@SOME
@given(amounts=AMOUNTS, mark=st.sampled_from(".,"), gap=st.sampled_from(["", " ", "\u00a0"]))
def test_a_percentage_is_the_exact_fraction(amounts: list[Decimal], mark: str, gap: str) -> None:
    decision, found = read([f"{amount:f}".replace(".", mark) + f"{gap}%" for amount in amounts])
    assert decision.unit.is_percent
    assert found == tuple(float(amount.scaleb(-2)) for amount in amounts)


@SOME
@given(
    amounts=AMOUNTS,
    caption=st.sampled_from([("in thousands", 3), ("Tabelle 1 (in Mio. \u20ac)", 6), ("$ in billions", 9), ("TEUR", 3)]),
)
def test_a_scale_word_in_a_caption_multiplies_exactly(amounts: list[Decimal], caption: tuple[str, int]) -> None:
    words, exponent = caption
    decision, found = read([f"{amount:f}" for amount in amounts], label="Revenue", captions=["Report", words])
    assert decision.unit.scale == 10**exponent
    assert found == tuple(float(amount.scaleb(exponent)) for amount in amounts)


@SOME
@given(
    days=DAYS,
    style=st.sampled_from(
        ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d", "%Y/%m/%d", "%d-%m-%Y", "%d %B %Y", "%b %d, %Y", "%d/%m/%y"]
    ),
)
def test_a_day_written_in_a_style_comes_back_or_is_asked(days: list[date], style: str) -> None:
    decision, found = read([day.strftime(style) for day in days], label="When")
    assert found == tuple(day.isoformat() for day in days) if decision.type == "date" else decision.readings


@SOME
@given(moments=st.lists(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2067, 12, 31)), min_size=1, max_size=9))  # noqa: DTZ001  sheets have no time zone
def test_a_moment_in_iso_form_comes_back(moments: list[datetime]) -> None:
    decision, found = read([moment.isoformat(sep=" ", timespec="microseconds") for moment in moments])
    assert (decision.type, found) == ("datetime", tuple(moment.isoformat() for moment in moments))


@SOME
@given(clocks=st.lists(st.times(), min_size=1, max_size=9), style=st.sampled_from(["%H:%M", "%H:%M:%S", "%I:%M %p"]))
def test_a_time_of_day_comes_back(clocks: list[time], style: str) -> None:
    decision, found = read([clock.strftime(style) for clock in clocks])
    kept = "seconds" if "%S" in style else "minutes"
    assert decision.type == "time"
    assert found == tuple(
        clock.replace(microsecond=0, second=clock.second if kept == "seconds" else 0).isoformat() for clock in clocks
    )


@SOME
@given(
    cells=st.lists(
        st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["1,5", "n/a", "12/31/2024", "#REF!", "7%"])), max_size=9
    )
)
def test_every_cell_is_a_value_or_counted(cells: list[str | None]) -> None:
    cells = [None if cell is None else cell.replace("\0", "") for cell in cells]
    database = load(cells)
    (measured,) = facts.measure(database, "raw", "c1")
    decision = decide(measured, label="x")
    found = values(database, decision)
    assert found.count(None) == measured.blank + decision.missing + decision.unparsed


MANY = 5_000


def _many(usual: Callable[[int], str], *odd: str) -> list[str]:
    """Return a long column, the odd cells where no sample looks."""
    cells = [usual(i) for i in range(MANY)]
    cells[400 : 400 + len(odd)] = odd
    return cells


@pytest.mark.parametrize(
    ("cells", "kind", "unparsed", "missing"),
    [
        (_many(lambda i: f"{i},25"), "decimal", 0, 0),
        (_many(lambda i: f"{i % 900 + 1}.{i % 900:03}", "1.234.567"), "integer", 0, 0),
        (_many(lambda i: f"{i % 900 + 1}.{i % 900:03}", "1.5"), "decimal", 0, 0),
        (_many(lambda i: f"{i} kg", "12 lb", "n/a", "soon"), "integer", 2, 1),
        (_many(lambda i: f"{i % 12 + 1:02}/{i % 11 + 1:02}/{1900 + i % 150}", "13/02/2024", "31/02/2024"), "date", 1, 0),
        (_many(lambda i: f"{i % 12 + 1:02}/{i % 11 + 1:02}/{1900 + i % 150}", "02/13/2024"), "date", 0, 0),
        (_many(lambda i: f"2024-01-{i % 28 + 1:02} 10:20:{i % 59:02}.{i:06}", "2023-02-29 10:00:00"), "datetime", 1, 0),
        (_many(lambda i: str(i * 7), "007"), "text", 0, 0),
        (_many(lambda i: f"Customer {i}", "n/a", "#N/A", "NULL"), "text", 0, 0),
        (_many(lambda i: str(i) if i % 20 else f"note {i}"), "integer", 250, 0),
        (_many(lambda i: str(i) if i % 5 else f"note {i}"), "text", 0, 0),
        (_many(lambda i: ("yes", "no")[i % 2], "maybe"), "boolean", 1, 0),
    ],
)  # fmt: skip
def test_a_long_column_is_decided_by_every_cell(cells: list[str], kind: str, unparsed: int, missing: int) -> None:
    decision, found = read(cells)
    assert (decision.type, decision.unparsed, decision.missing) == (kind, unparsed, missing), decision.evidence
    assert found.count(None) == unparsed + missing


def test_what_did_not_parse_is_listed_and_keeps_its_text() -> None:
    decision, found = read([*map(str, range(30)), "about 7", "#DIV/0!", "about 8"])
    assert (decision.unparsed, decision.unparsed_examples, decision.keeps_raw) == (3, ("#DIV/0!", "about 7", "about 8"), True)
    assert found[-3:] == (None, None, None)
    assert decision.confidence < 1


@pytest.mark.parametrize(
    ("cells", "readings"),
    [
        (["1,234", "5,678"], ["as written", "decimal comma", "decimal point"]),
        (["01/02/2024", "03/04/2024"], ["as written", "day first", "month first"]),
    ],
)
def test_two_readings_are_offered_and_none_is_taken(cells: list[str], readings: list[str]) -> None:
    decision, found = read(cells)
    assert (decision.type, found) == ("text", tuple(cells))
    assert [reading.name for reading in decision.readings] == readings
    assert all("\u2192" in reading.example for reading in decision.readings[1:])
    assert decision.confidence < SURE_ENOUGH


@pytest.mark.parametrize(
    ("asked", "sibling", "expected"),
    [
        (["1,234"], ["0,5", "12,75"], (1.234,)),
        (["1,234"], ["12,345.50"], (1234,)),
        (["01/02/2024"], ["13/02/2024"], ("2024-02-01",)),
        (["01/02/2024"], ["02/13/2024"], ("2024-01-02",)),
    ],
)
def test_columns_of_one_table_settle_each_other_and_still_ask(
    asked: list[str], sibling: list[str], expected: Sequence[object]
) -> None:
    settled, _ = settle([read(asked)[0], read(sibling)[0]])
    assert values(load(asked), settled) == expected
    assert settled.confidence < SURE_ENOUGH
    assert len(settled.readings) == 3


def test_a_settled_column_does_not_say_that_it_is_kept_as_text() -> None:
    settled, _ = settle([read(["1,234", "12,345", "999"])[0], read(["1.234", "2.5"])[0]])
    assert (settled.type, "decimal point" in settled.evidence, "kept as text" in settled.evidence) == ("integer", True, False)


@pytest.mark.parametrize("cells", [["Null", "Smith", "None"], ["-", "AB", "n/a"], ["-", "-"], ["#N/A", "k. A.", "Ann"]])
def test_a_text_that_looks_like_nothing_stays_in_a_column_of_texts(cells: list[str]) -> None:
    decision, found = read([*cells, " "], "surname")
    assert (decision.type, decision.missing, found) == ("text", 0, (*cells, None))


def test_cells_that_say_there_is_no_value_are_listed_and_counted_among_numbers() -> None:
    decision, found = read(["1", "n/a", "-", "-", "4"])
    assert found == (1, None, None, None, 4)
    assert "3 cells say there is no value ('-', 'n/a')" in decision.evidence


@pytest.mark.parametrize(
    ("cells", "lost"),
    [
        (["123456789012.123456789", "1.000000000000000001", "99999999999999999.99", "5", "6"], 3),
        (["0,1", "12345678901234,5678901"], 1),
        (_many(lambda i: f"{i}.25", "1.0000000000000000001", "$2.00000000000000000001"), 2),
        (["1,234,567,890,123,456,789,012.5", "2.5"], 1),
        (["1,234,567,890,123,456,789,012", "1,234,567"], 1),
        (["0.1", "0.30000000000000004", "1e-5"], 0),
        (["12.00000000000000000001%", "7%"], 1),
    ],
)
def test_digits_that_a_decimal_cannot_keep_are_counted_and_stand_beside(cells: list[str], lost: int) -> None:
    decision, found = read(cells)
    assert (decision.type, None in found, decision.keeps_raw) == ("decimal", False, lost > 0), decision.evidence
    assert (f"{lost} have more digits than a decimal keeps" in decision.evidence) == (lost > 0)
    assert decision.confidence < 1 or not lost


def test_digits_of_native_decimals_that_are_lost_stand_beside() -> None:
    decision, _ = read_native("VALUES (99999999999999999.99::DECIMAL(38, 2)), (0.1::DECIMAL(38, 2))")
    assert (decision.type, decision.keeps_raw) == ("decimal", True)
    assert "1 have more digits than a decimal keeps" in decision.evidence


def test_siblings_that_disagree_settle_nothing() -> None:
    asked, *others = (read(cells)[0] for cells in (["1,234"], ["0,5"], ["0.5"]))
    assert settle([asked, *others])[0] == asked


@pytest.mark.parametrize(
    ("cells", "override", "expected"),
    [
        (["1,234"], Override("decimal", "decimal comma"), (1.234,)),
        (["1,234"], Override("integer"), (1234,)),
        (["01/02/2024"], Override("date", "month first"), ("2024-01-02",)),
        (["1", "0"], Override("boolean"), (True, False)),
        (["12", "7"], Override("decimal"), (12.0, 7.0)),
        (["12", "7.5"], Override("integer"), (12, None)),
        (["12", "7"], Override("text"), ("12", "7")),
        (["45292"], Override("date"), ("2024-01-01",)),
        (["20240131"], Override("date"), ("2024-01-31",)),
    ],
)
def test_a_user_has_the_last_word(cells: list[str], override: Override, expected: Sequence[object]) -> None:
    decision, found = read(cells, override=override)
    assert (decision.type, found, decision.confidence) == (override.type, expected, 1.0)


def test_a_reading_that_no_cell_allows_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ReadingUnknown, match=r"decimal comma") as refused:
        read(["1.5.2024"], override=Override("decimal", "decimal comma"))
    assert "day first" in refused.value.fix


@pytest.mark.parametrize(
    ("sql", "label", "kind", "expected"),
    [
        ("VALUES (1.0::DOUBLE), (2.0), (NULL)", "Qty", "integer", (1, 2, None)),
        ("VALUES (1.5::DOUBLE), (2.0)", "Price", "decimal", (1.5, 2.0)),
        ("VALUES (7::BIGINT)", "Qty", "integer", (7,)),
        ("VALUES (9223372036854775807::BIGINT)", "Key", "integer", (2**63 - 1,)),
        ("VALUES (1.25::DECIMAL(9, 2))", "Price", "decimal", (1.25,)),
        ("VALUES (DATE '2024-01-31')", "Day", "date", ("2024-01-31",)),
        ("VALUES (TIMESTAMP '2024-01-31 00:00:00')", "Day", "date", ("2024-01-31",)),
        ("VALUES (TIMESTAMP '2024-01-31 10:20:00')", "Day", "datetime", ("2024-01-31T10:20:00",)),
        ("VALUES (TRUE), (FALSE)", "Paid", "boolean", (True, False)),
        ("VALUES (45292.0::DOUBLE)", "Invoice date", "date", ("2024-01-01",)),
        ("VALUES (1.5::DOUBLE)", "Revenue (\u20ac m)", "decimal", (1.5e6,)),
        ("VALUES (12.5::DOUBLE), (7.0)", "Share %", "decimal", (0.125, 0.07)),
        ("VALUES (0.125::DOUBLE)", "Share %", "decimal", (0.125,)),
        ("VALUES (NULL::DOUBLE)", "Empty", "text", (None,)),
    ],
)
def test_a_column_with_a_type_keeps_it(sql: str, label: str, kind: str, expected: Sequence[object]) -> None:
    decision, found = read_native(sql, label)
    assert (decision.type, found) == (kind, expected)


@pytest.mark.parametrize(
    ("label", "cells", "caption"),
    [
        ("Employees", ["12", "300"], "in thousands of euros"),
        ("Earnings per share", ["1.5"], "in millions, except per share data"),
        ("Fiscal year", ["2023"], "in Mio. \u20ac"),
        ("EPS", ["0.25", "0.5"], "(costs in $ millions, except per share data)"),
        ("Diluted", ["0.25", "0.5"], "(in $ millions, except per share data)"),
        ("Mitarbeiter im Mittel", ["5"], "in TEUR, au\u00dfer Mitarbeiter"),
        ("Lagerbestand", ["5"], "in TEUR, ausgenommen Lagerbestand und Quoten"),
        ("Chiffre inconnu", ["5"], "en milliers d'euros, sauf chiffre inconnu"),
        ("Price per unit", ["3.2"], "in thousands of EUR"),
        ("Preis je St\u00fcck", ["3.2"], "in TEUR"),
        ("Growth", ["0.05"], "in thousands of EUR"),
        ("Wachstum", ["0.05"], "in TEUR"),
        ("Croissance", ["0.05"], "en milliers"),
        ("Eigenkapitalquote", ["0.4"], "in TEUR"),
        ("Market share", ["0.1"], "in thousands"),
        ("share", ["0.1"], "in thousands"),
        ("Taux de marge", ["0.1"], "en milliers"),
        ("Tasa", ["0.1"], "(miles)"),
        ("Price index", ["101"], "in thousands"),
        ("Effectif", ["12"], "en milliers d'euros"),
        ("Dividende je Aktie", ["1.1"], "in Mio. \u20ac"),
    ],
)
def test_a_caption_scales_no_column_that_counts_something_else(label: str, cells: list[str], caption: str) -> None:
    assert read(cells, label, [caption])[0].unit.scale == 1


@pytest.mark.parametrize(
    "cells",
    [
        ["A1", "A2", "A10"],
        ["h12", "h14"],
        ["t0", "t1", "t2"],
        ["W1", "W2"],
        ["M1", "M2"],
        ["k1", "k2"],
        ["GB1", "GB23"],
        ["\u00b05"],
    ],
)
def test_a_letter_before_digits_makes_a_name(cells: list[str]) -> None:
    decision, found = read(cells, "Shelf")
    assert (decision.type, found, decision.readings) == ("text", tuple(cells), ())


def test_a_scale_letter_needs_money_or_a_header_that_speaks_of_amounts() -> None:
    sizes, kept = read(["12M", "18M", "24M", "6M"], "size")
    assert (sizes.type, kept) == ("text", ("12M", "18M", "24M", "6M"))
    assert [reading.example for reading in sizes.readings[1:]] == ["12M \u2192 12000000"]
    assert sizes.confidence < SURE_ENOUGH
    chosen = Override("decimal", sizes.readings[1].name)
    assert read(["12M"], "size", override=chosen)[1] == (12e6,)


@pytest.mark.parametrize(("label", "cell"), [("Umsatz", "12M"), ("x (\u20ac)", "12M"), ("x", "$12M"), ("x", "12M\u20ac")])
def test_a_scale_letter_that_is_taken_stands_in_the_evidence(label: str, cell: str) -> None:
    decision, found = read([cell], label)
    assert (found, "is times 1,000,000" in decision.evidence) == ((12e6,), True)


@pytest.mark.parametrize("label", ["Share capital", "Revenue", "Val", "2023", "Sum of costs", "Salary per year"])
def test_a_caption_scales_what_it_means(label: str) -> None:
    assert read(["1.5", "22"], label, ["in thousands of EUR"])[1] == (1500.0, 22000.0)


DOUBTFUL = [
    ("Price", ["3.2", "12"], "in thousands of EUR"),
    ("Revenue per visit", ["3.2", "12"], "in thousands of EUR"),
    ("Val", ["0.1", "0.25", "-0.5"], "in thousands of EUR"),
    ("2023", ["1.5", "22"], "in thousands of EUR, except per share data"),
]


@pytest.mark.parametrize(("label", "cells", "caption"), DOUBTFUL)
def test_a_scale_in_doubt_is_asked_and_not_multiplied(label: str, cells: list[str], caption: str) -> None:
    decision, found = read(cells, label, [caption])
    assert (decision.type, decision.unit.scale, found) == ("decimal", 1, tuple(map(float, cells)))
    assert decision.confidence < SURE_ENOUGH
    assert [reading.name for reading in decision.readings] == ["as written", "times 1,000"]
    assert caption in decision.evidence


@pytest.mark.parametrize(("label", "cells", "caption"), DOUBTFUL)
def test_a_scale_in_doubt_is_what_the_user_says(label: str, cells: list[str], caption: str) -> None:
    scaled, found = read(cells, label, [caption], Override("decimal", "times 1,000"))
    assert (scaled.unit.scale, found) == (1000, tuple(float(Decimal(cell) * 1000) for cell in cells))
    plain, found = read(cells, label, [caption], Override("decimal", "as written"))
    assert (plain.unit.scale, plain.readings, found) == (1, (), tuple(map(float, cells)))


def test_a_scale_in_doubt_of_native_numbers_is_asked_and_can_be_said() -> None:
    sql = "VALUES (3.2::DOUBLE), (12)"
    decision, found = read_native(sql, "Price", ["in thousands of EUR"])
    assert ([reading.name for reading in decision.readings], found) == (["as written", "times 1,000"], (3.2, 12.0))
    assert read_native(sql, "Price", ["in thousands of EUR"], Override("decimal", "times 1,000"))[1] == (3200.0, 12000.0)


@pytest.mark.parametrize("cells", [["12 kg", "500 g"], ["12 %", "0.5"], ["12E4", "1E5"], ["1,234.5", "1.234,5"], ["10.0.0.1"]])
def test_what_would_be_guessed_stays_text(cells: list[str]) -> None:
    decision, found = read(cells)
    assert (decision.type, found) == ("text", tuple(cells))


def test_amounts_beyond_a_whole_number_are_not_lost_by_a_scale_word() -> None:
    assert read(["999999999999999"], "Assets (\u20ac bn)")[1] == (999999999999999e9,)
    assert read_native("VALUES (999999999999999::BIGINT)", "Assets (\u20ac bn)")[1] == (999999999999999e9,)
    assert read(["2", "1e400"])[0].type == "text"


def test_a_sentence_beside_a_number_is_no_unit_and_takes_no_time() -> None:
    assert types_units.beside(" ".join(f"word{n}" for n in range(5_000))) is None
