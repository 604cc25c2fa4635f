"""A hundred columns as people type and export them, and what a careful analyst reads; written before the rules."""

from dataclasses import dataclass, field
from typing import TypedDict, Unpack

from chatsheet.sheets.model import ColumnType, Unit

Plain = str | int | float | bool | None
"""Dates, datetimes and times as ISO texts."""

NO_UNIT = Unit()


@dataclass(frozen=True, slots=True)
class Stranger:
    """One column: its cells as written, and what is to come out; `asks` where a careful analyst would ask."""

    label: str
    cells: tuple[str, ...]
    type: ColumnType
    values: tuple[Plain, ...]
    unit: Unit = field(default=NO_UNIT)
    captions: tuple[str, ...] = ()
    asks: bool = False


class _Unit(TypedDict, total=False):
    currency: str
    symbol: str
    is_percent: bool
    scale: int


def _text(label: str, *cells: str, missing: tuple[str, ...] = (), asks: bool = False) -> Stranger:
    return Stranger(label, cells, "text", tuple(None if c in missing else c for c in cells), asks=asks)


def _number(
    label: str, cells: str, *values: Plain, type: ColumnType = "decimal",  # noqa: A002
    captions: tuple[str, ...] = (), asks: bool = False, **unit: Unpack[_Unit],
) -> Stranger:  # fmt: skip
    return Stranger(label, tuple(cells.split("|")), type, values, Unit.model_validate(unit), captions, asks)


def _other(label: str, type: ColumnType, cells: str, *values: Plain, asks: bool = False) -> Stranger:  # noqa: A002
    return Stranger(label, tuple(cells.split("|")), type, values, asks=asks)


EUR: _Unit = {"currency": "EUR", "symbol": "€"}
USD: _Unit = {"currency": "USD", "symbol": "$"}
GBP: _Unit = {"currency": "GBP", "symbol": "£"}

STRANGERS = (
    # plain numbers
    _number("Quantity", "1|20|300|0|-4", 1, 20, 300, 0, -4, type="integer"),
    _number("Qty", "1,200|15|3,450,000", 1200, 15, 3450000, type="integer"),
    _number("Menge", "1.200|15|3.450.000", 1200, 15, 3450000, type="integer"),
    _number("Betrag", "1.234,50|99,00|-12.000,10", 1234.5, 99.0, -12000.1),
    _number("Amount", "1,234.50|99.00|-12,000.10", 1234.5, 99.0, -12000.1),
    _number("Montant HT", "1 234,50|99,00|12 000,10", 1234.5, 99.0, 12000.1),
    _number("Montant", "1\u202f234,50|99,00|12\u202f000,10", 1234.5, 99.0, 12000.1),
    _number("Total TTC", "1\xa0234,50|99,00|1\xa0012\xa0000,10", 1234.5, 99.0, 1012000.1),
    _number("Saldo CHF", "1'234.50|99.00|12'000.10", 1234.5, 99.0, 12000.1, currency="CHF", symbol="CHF"),
    _number("Umsatz", "1\u2019234\u2019567|99|12\u2019000", 1234567, 99, 12000, type="integer"),
    _number("Turnover (INR)", "12,34,567|1,00,000|450", 1234567, 100000, 450, type="integer", currency="INR", symbol="INR"),
    _number("Reading", "0.5|.25|-.75|3.", 0.5, 0.25, -0.75, 3.0),
    _number("Concentration", "1.2e-5|3.4E-06|1e-4", 1.2e-5, 3.4e-6, 1e-4),
    _number("Delta", "+3|-2|0", 3, -2, 0, type="integer"),
    _number("Change", "\u22123.5|2.1|\u22120.4", -3.5, 2.1, -0.4),
    _number("Score", "8.75|9.125|7.5|n/a|6", 8.75, 9.125, 7.5, None, 6.0),
    _number("latitude", "52.520008|48.856613|-33.868820", 52.520008, 48.856613, -33.86882),
    _number("Length", "1.250|3.5|2.125", 1.25, 3.5, 2.125),
    _number("Gewicht", "1,250|3,5|2,125", 1.25, 3.5, 2.125),
    # a thousand or one and a bit
    _text("Volume", "1,234", "5,678", "2,500", asks=True),
    _text("Wert", "1.234", "5.678", "2.500", asks=True),
    # currencies
    _number("Price", "$1,234.50|$99.00|-$5.25", 1234.5, 99.0, -5.25, **USD),
    _number("Preis", "1.234,50 €|99,00 €|-5,25 €", 1234.5, 99.0, -5.25, **EUR),
    _number("Prix", "12,50€|1 099,00€", 12.5, 1099.0, **EUR),
    _number("Cost", "£1,200|£950|£12,000,000", 1200, 950, 12000000, type="integer", **GBP),
    _number("Net", "EUR 1,234.50|EUR 10.00", 1234.5, 10.0, currency="EUR", symbol="EUR"),
    _number("Netto", "1.234,50 EUR|10,00 EUR", 1234.5, 10.0, currency="EUR", symbol="EUR"),
    _number("Salary", "USD 85,000|USD 120,000|USD 7,250.50", 85000.0, 120000.0, 7250.5, currency="USD", symbol="USD"),
    _number("Kurs", "12,50 zł|1 099,99 zł", 12.5, 1099.99, currency="PLN", symbol="zł"),
    _number("Preço", "R$ 1.234,56|R$ 0,99", 1234.56, 0.99, currency="BRL", symbol="R$"),
    _number("Belopp", "1 234,50 kr|99,00 kr", 1234.5, 99.0, symbol="kr"),
    _number("Kwota", "CHF 12.50|CHF 1'450.00", 12.5, 1450.0, currency="CHF", symbol="CHF"),
    _number("金額", "¥1,200|¥98,000|¥1,000,000", 1200, 98000, 1000000, type="integer", symbol="¥"),
    _number("Amount due", "($1,234.50)|$99.00|$ -", -1234.5, 99.0, None, **USD),
    _number("Revenue (€)", "1200.50|88.00", 1200.5, 88.0, **EUR),
    _number("Amount", "$10.50|€12.00|$99.99|€5.25", 10.5, 12.0, 99.99, 5.25, asks=True),
    # accounting
    _number("Profit", "1.1|(1.1)|0|(22.5)", 1.1, -1.1, 0.0, -22.5),
    _number("Result", "1,100|(1,100,000)|-", 1100, -1100000, None, type="integer"),
    _number("Soll/Haben", "100,00|12,50-|1.000,00-", 100.0, -12.5, -1000.0),
    # percent
    _number("Share", "12%|7.5%|100%", 0.12, 0.075, 1.0, is_percent=True, symbol="%"),
    _number("Anteil", "12 %|7,5 %|-3 %", 0.12, 0.075, -0.03, is_percent=True, symbol="%"),
    _number("Marge", "12,5\xa0%|8\xa0%", 0.125, 0.08, is_percent=True, symbol="%"),
    _number("Growth %", "12.5|7.5|-3.25", 0.125, 0.075, -0.0325, is_percent=True, symbol="%", asks=True),
    # scale words
    _number("Revenue", "1.5|22.75|3", 1500.0, 22750.0, 3000.0, scale=1000, captions=("Income statement (in thousands)",)),
    _number("Revenue (€ m)", "1.5|22.75|3", 1.5e6, 22.75e6, 3e6, scale=1000000, currency="EUR", symbol="€"),
    _number("Umsatz in Mio. €", "1,5|22,75|3", 1.5e6, 22.75e6, 3e6, scale=1000000, currency="EUR", symbol="€"),
    _number("Umsatz TEUR", "1,5|22,75|3", 1500.0, 22750.0, 3000.0, scale=1000, currency="EUR", symbol="EUR"),
    _number("Ventes", "150|2275|3", 150000, 2275000, 3000, type="integer", scale=1000, captions=("en milliers",)),
    _number("Assets ($ billions)", "1.5|22.75", 1.5e9, 22.75e9, scale=1000000000, currency="USD", symbol="$"),
    _number("Net sales ($000)", "150|2275", 150000, 2275000, type="integer", scale=1000, currency="USD", symbol="$"),
    _number("Sales", "1.5M|350k|2.25M", 1.5e6, 350e3, 2.25e6),
    _number("Year", "2021|2022|2023", 2021, 2022, 2023, type="integer", captions=("in thousands",)),
    # physical units
    _number("Weight", "12 kg|7.5 kg|100 kg", 12.0, 7.5, 100.0, symbol="kg"),
    _number("Höhe (cm)", "180|172|165", 180, 172, 165, type="integer", symbol="cm"),
    _number("Temperature", "21.5 °C|-3 °C", 21.5, -3.0, symbol="°C"),
    _number("Distance [km]", "12.5|100.25", 12.5, 100.25, symbol="km"),
    _number("Size", "10GB|250GB|1GB", 10, 250, 1, type="integer", symbol="GB"),
    # dates
    _other("Date", "date", "2024-01-31|2023-12-01", "2024-01-31", "2023-12-01"),
    _other("Order date", "date", "13/02/2024|01/03/2024|28/12/2023", "2024-02-13", "2024-03-01", "2023-12-28"),
    _other("Ship date", "date", "02/13/2024|3/1/2024|12/28/2023", "2024-02-13", "2024-03-01", "2023-12-28"),
    _other("Datum", "date", "13.02.2024|1.3.2024", "2024-02-13", "2024-03-01"),
    _other("Rechnungsdatum", "date", "05.02.2024|01.03.2024", "2024-02-05", "2024-03-01"),
    Stranger("When", ("01/02/2024", "03/04/2024"), "text", ("01/02/2024", "03/04/2024"), asks=True),
    _other("Signed", "date", "5 Jan 2024|12 March 2023", "2024-01-05", "2023-03-12"),
    _other("Signed on", "date", "Jan 5, 2024|March 12, 2023", "2024-01-05", "2023-03-12"),
    _other("Unterschrieben", "date", "5. Januar 2024|12. März 2023", "2024-01-05", "2023-03-12"),
    _other("Signé le", "date", "5 janvier 2024|12 août 2023|1er février 2024", "2024-01-05", "2023-08-12", "2024-02-01"),
    _other("Fecha", "date", "5 de enero de 2024|12 de agosto de 2023", "2024-01-05", "2023-08-12"),
    _other("Data", "date", "5 gennaio 2024|12 agosto 2023", "2024-01-05", "2023-08-12"),
    _other("Datum besteld", "date", "5 mei 2024|12 maart 2023", "2024-05-05", "2023-03-12"),
    _other("Data de emissão", "date", "5 de março de 2024|12 de dezembro de 2023", "2024-03-05", "2023-12-12"),
    _other("Trade date", "date", "05-Jan-24|12-Mar-23", "2024-01-05", "2023-03-12"),
    _other("DOB", "date", "13/02/84|01/03/79|28/12/99", "1984-02-13", "1979-03-01", "1999-12-28"),
    _other("Posting date", "date", "20240131|20231201", "2024-01-31", "2023-12-01"),
    _other("Invoice date", "date", "45292|45323", "2024-01-01", "2024-02-01"),
    _other("Date", "date", "2024/01/31|2023/12/01", "2024-01-31", "2023-12-01"),
    _text("Month", "Jan 2024", "Feb 2024"),
    # datetimes, times, durations
    _other("Created", "datetime", "2024-01-31 10:20:30|2023-12-01 00:00:01", "2024-01-31T10:20:30", "2023-12-01T00:00:01"),
    _other("updated", "datetime", "2024-01-31T10:20:30Z|2023-12-01T01:00+02:00", "2024-01-31T10:20:30", "2023-11-30T23:00:00"),
    _other("Zeitpunkt", "datetime", "31.01.2024 10:20|01.12.2023 09:05", "2024-01-31T10:20:00", "2023-12-01T09:05:00"),
    _other("Timestamp", "datetime", "1/31/2024 2:05 PM|12/1/2023 11:59 AM", "2024-01-31T14:05:00", "2023-12-01T11:59:00"),
    _other("Start", "time", "10:20|09:05|23:59", "10:20:00", "09:05:00", "23:59:00"),
    _other("Opens", "time", "9:00 AM|1:30 pm", "09:00:00", "13:30:00"),
    _text("Duration", "25:30:00", "100:15:00"),
    # booleans
    _other("Active", "boolean", "true|false|TRUE", True, False, True),  # noqa: FBT003
    _other("Bezahlt", "boolean", "ja|nein|Ja", True, False, True),  # noqa: FBT003
    _other("Payé", "boolean", "oui|non|oui", True, False, True),  # noqa: FBT003
    _other("Pagado", "boolean", "sí|no|no", True, False, False),  # noqa: FBT003
    _other("Paid?", "boolean", "x||x|", True, None, True, None),  # noqa: FBT003
    _other("is_active", "boolean", "1|0|1", True, False, True),  # noqa: FBT003
    _number("Goals", "1|0|1", 1, 0, 1, type="integer"),
    _other("Opt-in", "boolean", "Y|N|Y", True, False, True),  # noqa: FBT003
    # texts that look like numbers
    _text("ZIP", "02139", "10001", "94107"),
    _text("PLZ", "80331", "10115", "20095"),
    _text("Phone", "+49 30 1234567", "+49 89 7654321"),
    _text("EAN", "4006381333931", "4012345678901"),
    _text("Card", "4111111111111111", "5500005555555559"),
    _text("Version", "1.2.3", "1.10.0"),
    _text("Country", "NA", "DE", "FR"),
    # missing and mixed
    _number("Alter", "34|k. A.|51|-", 34, None, 51, None, type="integer"),
    _number("Value", "12|#N/A|15|#DIV/0!|NULL", 12, None, 15, None, None, type="integer"),
    _number("Stock", "|".join([*"1234567890987", "gone"]), *map(int, "1234567890987"), None, type="integer"),
)  # fmt: skip
