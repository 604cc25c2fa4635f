"""Workbook tables and results that the blind sets of answers are written over, apart from those the rules were made with."""

from collections.abc import Sequence
from typing import cast

from pydantic import JsonValue

from chatsheet.sheets.model import Column, ColumnType, Table, Unit

_GBP, _EUR, _USD = (Unit(currency=code, symbol=symbol) for code, symbol in (("GBP", "£"), ("EUR", "€"), ("USD", "$")))
_PERCENT = Unit(symbol="%", is_percent=True)
_CHF = Unit(currency="CHF", symbol="CHF")
_UNITS = {"gbp": _GBP, "eur": _EUR, "usd": _USD, "chf": _CHF, "percent": _PERCENT} | {
    symbol.lower(): Unit(symbol=symbol) for symbol in ("kWh", "km", "t", "ha")
}


def table(name: str, rows: int, columns: str) -> Table:
    """Return a table of columns written as `label:type:unit`."""
    made: list[Column] = []
    for written in columns.split():
        label, kind, unit = (written + "::").split(":")[:3]
        known = cast("ColumnType", kind or "text")
        made.append(Column(name=label, label=label, letter="A", type=known, evidence="", unit=_UNITS.get(unit, Unit())))
    return Table(id=name, tab=name, range="A1:Z9", header_row=1, evidence="", rows=rows, columns=tuple(made))


_FIRST_TABLES = (
    table("bookings", 412, "hotel room_type status guests:integer nights:integer arrival:date price:decimal:eur"),
    table("meters", 3650, "site day:date kwh:decimal:kwh cost:decimal:gbp"),
    table("weather", 365, "day:date temp:decimal"),
    table("exams", 302, "student class subject score:decimal"),
    table("league", 20, "rank:integer club points:integer goals:integer"),
    table("fleet", 45, "brand plate km:decimal:km litres:decimal"),
    table("personal", 56, "name abteilung gehalt:decimal:eur überstunden:integer eintritt:date"),
    table("ventes", 4185, "magasin produit quantité:integer montant:decimal:eur remise:decimal:percent date:date"),
    table("parts", 40, "part supplier stock:integer min_stock:integer price:decimal:usd"),
    table("loans", 312, "branch status amount:decimal:gbp rate:decimal:percent term:integer"),
)

_LATER_TABLES = (
    table("visits_clinic", 1840, "ward doctor patient age:integer wait_minutes:decimal fee:decimal:eur visit_date:date"),
    table("trains", 960, "line station delay:decimal passengers:integer is_late"),
    table("menu", 48, "dish course price:decimal:eur sold:integer rating:decimal"),
    table("lager", 210, "artikel regal bestand:integer gewicht:decimal wert:decimal:eur"),
    table("inscriptions", 730, "cours ville inscrits:integer note:decimal tarif:decimal:eur mois:date"),
    table("donations", 1263, "donor country amount:decimal:usd given_on:date"),
)
TABLES = (*_FIRST_TABLES, *_LATER_TABLES)

Rows = Sequence[tuple[JsonValue, ...]]
PLAIN = frozenset({"longest", "league", "parts", "low", "dishes"})
RESULTS: dict[str, tuple[str, Rows, int]] = {
    "hotels": (
        (
            "SELECT hotel, sum(price) AS revenue, count(*) AS bookings, avg(nights) AS avg_nights FROM bookings "
            "GROUP BY hotel ORDER BY revenue DESC"
        ),
        [
            ("Seaview", 48210.0, 96, 3.25),
            ("Alpine Lodge", 39875.5, 88, 4.1),
            ("City Inn", 27640.25, 154, 1.8),
            ("Old Mill", 12990.0, 74, 2.45),
        ],
        412,
    ),
    "stays": (
        "SELECT count(*) AS bookings, sum(guests) AS guests, sum(price) AS revenue FROM bookings",
        [(412, 955, 128715.75)],
        412,
    ),
    "arrivals": (
        (
            "SELECT date_trunc('month', arrival) AS month, count(*) AS bookings, sum(guests) AS guests FROM "
            "bookings WHERE year(arrival) = 2025 GROUP BY 1 ORDER BY 1"
        ),
        [
            ("2025-01-01", 31, 70),
            ("2025-02-01", 28, 66),
            ("2025-03-01", 45, 98),
            ("2025-04-01", 12, 31),
            ("2025-05-01", 60, 145),
        ],
        176,
    ),
    "month_numbers": (
        "SELECT month(arrival) AS month, count(*) AS bookings FROM bookings GROUP BY 1 ORDER BY 1",
        [(1, 31), (2, 28), (3, 45), (4, 12), (12, 3)],
        412,
    ),
    "longest": (
        "SELECT hotel, room_type, guests, nights, arrival, price FROM bookings ORDER BY nights DESC LIMIT 3",
        [
            ("Alpine Lodge", "Suite", 4, 21, "2025-07-05", 4410.0),
            ("Seaview", "Double", 2, 18, "2025-08-01", 2970.0),
            ("Old Mill", "Single", 1, 14, "2025-03-10", 980.0),
        ],
        412,
    ),
    "cancelled": (
        (
            "SELECT hotel, count(*) FILTER (WHERE status = 'cancelled') AS cancelled, "
            "count(*) FILTER (WHERE status = 'cancelled') / count(*) AS cancel_rate FROM bookings GROUP BY hotel"
        ),
        [("Seaview", 12, 0.125), ("Alpine Lodge", 8, 0.090909), ("City Inn", 20, 0.12987), ("Old Mill", 3, 0.040541)],
        412,
    ),
    "energy": (
        "SELECT site, sum(kwh) AS kwh, sum(cost) AS cost FROM meters WHERE year(day) = 2025 GROUP BY site ORDER BY kwh DESC",
        [("North Works", 1204500.0, 301125.0), ("Dockside", 845300.5, 219778.13), ("Head Office", 96400.0, 28920.0)],
        1095,
    ),
    "energy_change": (
        (
            "WITH y AS (SELECT site, sum(kwh) FILTER (WHERE year(day) = 2024) AS kwh_2024, sum(kwh) FILTER "
            "(WHERE year(day) = 2025) "
            "AS kwh_2025 FROM meters GROUP BY site) SELECT site, kwh_2024, kwh_2025, kwh_2025 / kwh_2024 - 1 AS change FROM y"
        ),
        [
            ("North Works", 1260000.0, 1204500.0, -0.044048),
            ("Dockside", 800200.0, 845300.5, 0.056362),
            ("Head Office", 101900.0, 96400.0, -0.053974),
        ],
        2190,
    ),
    "weather": (
        (
            "SELECT monthname(day) AS month, min(temp) AS coldest, avg(temp) AS mean_temp, max(temp) AS warmest "
            "FROM weather GROUP BY 1"
        ),
        [("January", -12.5, -1.2, 6.0), ("April", -2.0, 8.4, 19.5), ("July", 9.0, 19.5, 34.2)],
        365,
    ),
    "grades": (
        (
            "SELECT subject, avg(score) AS avg_score, count(*) AS exams, count(*) FILTER (WHERE score >= 50) AS passed "
            "FROM exams GROUP BY subject"
        ),
        [("Maths", 61.4, 120, 92), ("Physics", 58.25, 85, 61), ("History", 72.8, 97, 90)],
        302,
    ),
    "classes": (
        "SELECT class, subject, avg(score) AS avg_score FROM exams GROUP BY ALL",
        [("10A", "Maths", 63.5), ("10A", "History", 70.25), ("10B", "Maths", 59.0), ("10B", "History", 75.5)],
        302,
    ),
    "league": (
        "SELECT rank, club, points, goals FROM league ORDER BY rank LIMIT 5",
        [
            (1, "Rovers", 74, 68),
            (2, "United", 71, 74),
            (3, "Athletic", 66, 59),
            (4, "Wanderers", 60, 51),
            (5, "Albion", 59, 60),
        ],
        20,
    ),
    "fleet": (
        "SELECT brand, count(*) AS cars, avg(km) AS avg_km, avg(litres) AS avg_litres FROM fleet GROUP BY brand",
        [("Volvo", 14, 88230.4, 6.8), ("Skoda", 22, 64105.0, 5.9), ("Ford", 9, 120440.9, 7.4)],
        45,
    ),
    "personal": (
        (
            "SELECT abteilung, avg(gehalt) AS durchschnittsgehalt, count(*) AS mitarbeiter, sum(überstunden) AS überstunden "
            "FROM personal GROUP BY abteilung"
        ),
        [("Vertrieb", 4210.5, 18, 240), ("Technik", 5120.75, 31, 412), ("Einkauf", 3890.0, 7, 18)],
        56,
    ),
    "gehaltssumme": ("SELECT sum(gehalt) AS gehaltssumme FROM personal", [(261762.25,)], 56),
    "ventes": (
        (
            "SELECT magasin, sum(montant) AS montant, count(*) AS ventes, avg(remise) AS remise_moyenne FROM ventes "
            "GROUP BY magasin ORDER BY montant DESC"
        ),
        [("Paris", 152300.45, 2210, 0.08), ("Lyon", 84210.9, 1320, 0.055), ("Nantes", 40118.0, 655, 0.0325)],
        4185,
    ),
    "ventes_mois": (
        (
            "SELECT date_trunc('month', date) AS mois, sum(montant) AS montant, sum(quantité) AS quantité FROM "
            "ventes GROUP BY 1 ORDER BY 1"
        ),
        [("2025-01-01", 21000.5, 410), ("2025-02-01", 18750.25, 365), ("2025-03-01", 26480.0, 512)],
        4185,
    ),
    "parts": (
        "SELECT part, stock, min_stock, price FROM parts WHERE stock < min_stock",
        [("Rivet 4", 120, 200, 0.12), ("Washer 12", 40, 50, 0.05), ("Bolt M8", 4, 100, 0.35), ("Hinge 200", 12, 20, 4.5)],
        4,
    ),
    "low": ("SELECT part, stock FROM parts ORDER BY stock LIMIT 1", [("Bolt M8", 4)], 40),
    "loans": (
        (
            "SELECT branch, sum(amount) AS lent, avg(rate) AS avg_rate, avg(term) AS avg_term, count(*) AS loans "
            "FROM loans GROUP BY branch"
        ),
        [("Leeds", 2450000.0, 0.0475, 36.0, 150), ("York", 1180000.0, 0.0525, 48.5, 101), ("Hull", 930500.0, 0.061, 24.0, 61)],
        312,
    ),
    "lent": ("SELECT sum(amount) AS lent, count(*) AS loans FROM loans", [(4560500.0, 312)], 312),
    "overdue": ("SELECT count(*) AS n FROM loans WHERE status = 'overdue'", [(17,)], 17),
    "term": ("SELECT median(term) AS median_term FROM loans", [(36.0,)], 312),
    "correlation": ("SELECT corr(nights, price) AS correlation FROM bookings", [(-0.4213,)], 412),
    "wards": (
        (
            "SELECT ward, count(*) AS visits, count(DISTINCT patient) AS patients, avg(wait_minutes) AS avg_wait "
            "FROM visits_clinic GROUP BY ward"
        ),
        [("Cardiology", 410, 288, 34.5), ("Surgery", 365, 301, 52.0), ("Paediatrics", 1065, 640, 18.25)],
        1840,
    ),
    "fees": (
        "SELECT min(fee) AS lowest_fee, avg(fee) AS avg_fee, max(fee) AS highest_fee, count(*) AS visits FROM visits_clinic",
        [(20.0, 86.4, 1250.0, 1840)],
        1840,
    ),
    "lines": (
        (
            "SELECT line, avg(delay) AS avg_delay, sum(passengers) AS passengers, "
            "sum(CASE WHEN is_late = 'yes' THEN 1 ELSE 0 END) * 100.0 / count(*) AS late_pct FROM trains GROUP BY line"
        ),
        [("Line 1", 4.2, 182000, 12.5), ("Line 2", 7.9, 95400, 31.0), ("Line 7", 2.6, 12400, 7.0)],
        960,
    ),
    "dishes": (
        "SELECT dish, course, price, sold, rating FROM menu ORDER BY sold DESC LIMIT 4",
        [
            ("Tomato Soup", "Starter", 6.5, 412, 4.1),
            ("Ribs", "Main", 18.9, 388, 4.6),
            ("Lasagne", "Main", 13.5, 301, 4.1),
            ("Tiramisu", "Dessert", 6.9, 275, 4.8),
        ],
        48,
    ),
    "regale": (
        "SELECT regal, sum(bestand) AS bestand, sum(wert) AS wert, count(*) AS artikel FROM lager GROUP BY regal",
        [("Regal A", 1420, 28310.5, 75), ("Regal B", 960, 19875.0, 62), ("Regal C", 75, 4120.9, 73)],
        210,
    ),
    "cours": (
        (
            "SELECT cours, sum(inscrits) AS inscrits, avg(note) AS note_moyenne, avg(tarif) AS tarif_moyen "
            "FROM inscriptions GROUP BY cours"
        ),
        [("Anglais", 240, 13.4, 320.0), ("Chinois", 48, 15.1, 410.0), ("Dessin", 131, 12.0, 195.5)],
        730,
    ),
    "quarters": (
        (
            "SELECT date_trunc('quarter', given_on) AS quarter, sum(amount) AS amount, count(*) AS donations FROM donations "
            "WHERE year(given_on) = 2023 GROUP BY 1 ORDER BY 1"
        ),
        [
            ("2023-01-01", 41200.0, 310),
            ("2023-04-01", 38950.5, 287),
            ("2023-07-01", 12075.0, 104),
            ("2023-10-01", 96300.25, 562),
        ],
        1263,
    ),
    "countries": (
        "SELECT country, sum(amount) AS amount FROM donations GROUP BY country ORDER BY amount DESC LIMIT 3",
        [("Canada", 84100.0), ("Kenya", 52210.75), ("Norway", 31104.0)],
        1263,
    ),
    "big_gifts": ("SELECT count(*) AS n, sum(amount) AS amount FROM donations WHERE amount > 1000", [(31, 74500.0)], 31),
}
