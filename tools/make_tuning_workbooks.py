"""Writes the workbooks `rental`, `school`, `parcels` and `museums` of evals/tuning, the same bytes each time."""

# ruff: noqa: PLR2004, S311  made up, and meant to look so
import datetime as dt
import random
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

HERE = Path(__file__).parents[1] / "evals" / "tuning"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Book(xlsxwriter.Workbook):
    """A workbook with fixed properties."""

    def __init__(self, name: str) -> None:
        super().__init__(HERE / name)
        self.set_properties({"title": name, "created": dt.datetime(2026, 1, 1)})  # noqa: DTZ001  the file holds no zone
        self.day = self.add_format({"num_format": "yyyy-mm-dd"})
        self.percent = self.add_format({"num_format": "0%"})

    def table(self, name: str, heads: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> Worksheet:
        """Write a tab with a table, below a title where there is one."""
        sheet = self.add_worksheet(name)
        first = 0
        if title:
            sheet.write(0, 0, title)
            first = 2
        sheet.write_row(first, 0, heads)
        for number, row in enumerate(rows, first + 1):
            for place, value in enumerate(row):
                if isinstance(value, dt.date):
                    sheet.write_datetime(number, place, dt.datetime.combine(value, dt.time()), self.day)
                elif isinstance(value, float) and heads[place] in {"Rebate", "Weight"}:
                    sheet.write_number(number, place, value, self.percent)
                elif value is not None:
                    sheet.write(number, place, value)
        return sheet


def rental() -> None:
    """Write bookings of cars with the cars and the stations' goals."""
    rng = random.Random(11)
    cars = [
        (f"V{n:02}", model, size, rng.choice(("Airport", "Centre", "Harbour")), dt.date(2019 + n % 6, 1 + n % 12, 5))
        for n, (model, size) in enumerate(rng.choices((("Polo", "Compact"), ("Vito", "Van"), ("Model 3", "Electric")), k=24), 1)
    ]
    rates = {"Compact": 39.0, "Van": 72.5, "Electric": 58.0}
    bookings: list[Sequence[object]] = []
    for number in range(260):
        car = rng.choice(cars)
        start = dt.date(2024, 1, 3) + dt.timedelta(days=int(number * 2.7))
        days = rng.randint(1, 14)
        back = None if number > 250 else start + dt.timedelta(days=days + rng.choice((0, 0, 0, 1, 2)))
        paid = rng.choice(("Card", "Card", "Invoice", "Cash"))
        bookings.append(
            (
                f"B{number + 1:04}",
                start,
                car[0],
                f"K{rng.randint(1, 60):03}",
                days,
                rates[car[2]],
                rng.choice((0.0, 0.0, 0.1)),
                back,
                paid,
            )
        )
    goals = [(station, *(1000 * rng.randint(4, 9) for _ in range(4))) for station in ("Airport", "Centre", "Harbour")]
    with Book("rental.xlsx") as book:
        heads = ("Booking No", "Start Date", "Car ID", "Client ID", "Days", "Day Rate", "Rebate", "Returned", "Payment")
        book.table("Bookings", heads, bookings, "Car rental, amounts in EUR")
        book.table("Cars", ("Car ID", "Model", "Class", "Station", "Bought"), cars)
        book.table("Goals", ("Station", "Q1", "Q2", "Q3", "Q4"), goals, "Rental income goals for 2025 in EUR")


def school() -> None:
    """Write pupils, their marks and their absences."""
    rng = random.Random(12)
    names = [
        f"{a} {b}"
        for a in ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus")
        for b in ("Ash", "Birch", "Cedar", "Elm", "Fir", "Oak")
    ]
    pupils = [
        (100 + n, name, rng.choice(("7a", "7b", "8a", "8b")), rng.choice(("bus", "bike", "walk")))
        for n, name in enumerate(names)
    ]
    pupils = [(*one, rng.choice((0.5, 1.0, 1.0)) if one[2] == "8b" else 1.0) for one in pupils]
    marks = [
        (one[0], subject, round(rng.uniform(1, 6) * 2) / 2, dt.date(2024 + k // 2, 2 + 5 * (k % 2), 1 + rng.randint(0, 20)))
        for one in pupils
        for subject in ("Maths", "French", "Biology")
        for k in range(3)
    ]
    absent = [
        (rng.choice(pupils)[0], dt.date(2025, 1, 7) + dt.timedelta(days=n), rng.randint(1, 6), rng.choice(("yes", "yes", "no")))
        for n in range(70)
    ]
    classes = [("7a", "Ms Stone", 14), ("7b", "Mr River", 12), ("8a", "Ms Lake", 12), ("8b", "Mr Hill", 13)]
    with Book("school.xlsx") as book:
        book.table("Pupils", ("Pupil", "Name", "Class", "Comes by", "Weight"), pupils)
        book.table("Marks", ("Pupil No", "Subject", "Mark", "Taken on"), marks, "1 is the best mark, 6 the worst")
        book.table("Absences", ("Pupil", "Day", "Lessons", "Excused"), absent)
        book.table("Classes", ("Code", "Teacher", "Places"), classes)


def parcels() -> None:
    """Write parcels as a German CSV file."""
    rng = random.Random(13)
    lines = ["Datum;Filiale;Zielland;Versandart;Gewicht kg;Kosten EUR;Laufzeit Tage;Beschädigt"]
    for number in range(300):
        day = dt.date(2024, 1, 1) + dt.timedelta(days=int(number * 2.4))
        way = rng.choice(("Standard", "Standard", "Express", "Sperrgut"))
        weight = round(rng.uniform(0.3, 30), 2)
        cost = round((4 + weight * 0.4) * {"Standard": 1, "Express": 2.2, "Sperrgut": 3}[way], 2)
        time = "" if number > 294 else str(rng.randint(1, 3) if way == "Express" else rng.randint(2, 9))
        place, country = (
            rng.choice(("Köln", "Bremen", "Ulm")),
            rng.choice(("Deutschland", "Deutschland", "Polen", "Italien", "Norwegen")),
        )
        broken = rng.choice(("nein", "nein", "nein", "nein", "ja"))
        lines.append(
            f"{day:%d.%m.%Y};{place};{country};{way};{weight};{cost};{time};{broken}".replace(".", ",").replace(",", ".", 2)
        )
    (HERE / "parcels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def museums() -> None:
    """Write visitors with the months side by side, and running costs in thousands."""
    rng = random.Random(14)
    houses = (
        ("Old Mint", "History", "North"),
        ("Glass House", "Art", "South"),
        ("Rail Shed", "Technology", "North"),
        ("Tide Pool", "Nature", "West"),
        ("Loom Works", "Technology", "South"),
    )
    rows = [(name, kind, area, *(rng.randint(300, 4000) for _ in MONTHS)) for name, kind, area in houses]
    costs = [(name, item, rng.randint(20, 400)) for name, _, _ in houses for item in ("Staff", "Energy", "Rent", "Shows")]
    with Book("museums.xlsx") as book:
        sheet = book.table("Visitors", ("Museum", "Kind", "Area", *MONTHS), rows, "Visitors 2025 by month")
        sheet.write(3 + len(rows), 0, "Total")
        for place in range(3, 15):
            sheet.write(3 + len(rows), place, sum(int(str(row[place])) for row in rows))
        book.table("Costs", ("Museum", "Item", "Amount"), costs, "Costs 2025 in thousands of EUR")


if __name__ == "__main__":
    rental()
    school()
    parcels()
    museums()
