"""Writes the workbooks of the evaluation pack `office`, the same bytes each time; no real people or firms.

They are as untidy as real ones: titles and captions above, totals below, two tables on a tab, months side by side, dates and
numbers as text, decimal commas, amounts in thousands, shares as percent, negatives in parentheses, blanks.
"""

import calendar
import datetime as dt
import random
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

PACK = Path(__file__).parents[1] / "src" / "chatsheet" / "evals" / "packs" / "office"
MONTHS = [month.strftime("%b") for month in (dt.date(2025, number, 1) for number in range(1, 13))]


class Book(xlsxwriter.Workbook):
    """A workbook with fixed properties and the formats used here."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(PACK / name)
        self.set_properties({"title": title, "created": dt.datetime(2026, 1, 1)})
        self.bold = self.add_format({"bold": True})
        self.day = self.add_format({"num_format": "yyyy-mm-dd"})
        self.minute = self.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self.euro = self.add_format({"num_format": '#,##0.00 "EUR"'})
        self.percent = self.add_format({"num_format": "0%"})
        self.accounting = self.add_format({"num_format": "#,##0_);(#,##0)"})

    def put(self, sheet: Worksheet, row: int, values: Sequence[object], first: int = 0) -> None:
        """Write a row; dates and times get their formats."""
        for column, value in enumerate(values, first):
            if isinstance(value, dt.datetime):
                sheet.write_datetime(row, column, value, self.minute)
            elif isinstance(value, dt.date):
                sheet.write_datetime(row, column, value, self.day)
            elif value is not None:
                sheet.write(row, column, value)


def trade() -> None:
    """Write orders with customers and quarterly targets in thousands."""
    rng = random.Random(601)
    regions = {"EMEA": ("Germany", "France", "Spain"), "APAC": ("Japan", "Australia"), "AMER": ("Canada", "Brazil")}
    countries = [(region, country) for region, listed in regions.items() for country in listed]
    products = {"Pump": 420.0, "Valve": 95.5, "Filter": 38.2, "Sensor": 149.0, "Cable": 12.75}
    with Book("trade.xlsx", "Orders, customers and targets") as book:
        orders = book.add_worksheet("Orders")
        orders.write(0, 0, "Order book 2024 and 2025", book.bold)
        orders.write(1, 0, "Amounts in EUR; discount as share of the list price")
        heads = ["Order No", "Order Date", "Customer ID", "Product", "Quantity", "Unit Price", "Discount", "Shipped"]
        orders.write_row(3, 0, heads, book.bold)
        for number in range(320):
            product, price = rng.choice(list(products.items()))
            day = dt.date(2024, 1, 2) + dt.timedelta(days=int(number * 2.27))
            shipped = None if number > 308 and rng.random() < 0.6 else day + dt.timedelta(days=rng.randint(1, 14))
            customer, quantity = f"C{rng.randint(1, 24):03}", rng.randint(1, 40)
            book.put(orders, number + 4, [f"{number + 1:05}", day, customer, product, quantity])
            orders.write(number + 4, 5, price, book.euro)
            orders.write(number + 4, 6, rng.choice([0, 0, 0, 0.05, 0.1, 0.15]), book.percent)
            if shipped is not None:
                orders.write_datetime(number + 4, 7, shipped, book.day)
        orders.write(324, 0, "Total", book.bold)
        orders.write_formula(324, 4, "=SUM(E5:E324)", book.bold, 0)
        customers = book.add_worksheet("Customers")
        customers.write_row(0, 0, ["Customer ID", "Name", "Country", "Region", "Segment", "Customer since"], book.bold)
        kinds = ("Hotel", "School", "Clinic", "Bakery", "Garage", "Brewery")
        places = ("Harbour", "Hill", "Station", "Market")
        names = [f"{kind} {place}" for kind in kinds for place in places]
        for number, name in enumerate(names, 1):
            region, country = countries[(number * 5) % len(countries)]
            since = dt.date(2015 + number % 9, 1 + number * 7 % 12, 1 + number % 28)
            segment = rng.choice(["Small", "Small", "Medium", "Large"])
            book.put(customers, number, [f"C{number:03}", name, country, region, segment, since])
        targets = book.add_worksheet("Targets")
        targets.write(0, 0, "Net sales targets 2025", book.bold)
        targets.write(1, 0, "in thousands of EUR")
        targets.write_row(3, 0, ["Region", "Q1", "Q2", "Q3", "Q4"], book.bold)
        rows = {"EMEA": [60.0, 62.5, 58.0, 70.0], "APAC": [30.0, 32.0, 31.5, 36.0], "AMER": [40.0, 38.0, 42.0, 45.5]}
        for number, (region, figures) in enumerate(rows.items(), 4):
            targets.write_row(number, 0, [region, *figures])
        targets.write_row(7, 0, ["Total", *[sum(figures) for figures in zip(*rows.values(), strict=True)]], book.bold)


def people() -> None:
    """Write staff with leavers and departments: dates as text, part time as percent, a hole here and there."""
    rng = random.Random(602)
    departments = {"SAL": "Sales", "ENG": "Engineering", "FIN": "Finance", "OPS": "Operations", "SUP": "Support"}
    pay = {"SAL": 58_000, "ENG": 71_000, "FIN": 62_000, "OPS": 47_000, "SUP": 44_000}
    with Book("people.xlsx", "Staff, leavers and departments") as book:
        staff = book.add_worksheet("Staff")
        staff.write(0, 0, "Staff list, as of 31.12.2025", book.bold)
        heads = ["Staff No", "Dept", "Location", "Start Date", "Contract", "Part time", "Annual Salary (EUR)", "Birth year"]
        staff.write_row(2, 0, heads, book.bold)
        leavers: list[tuple[str, dt.date]] = []
        for number in range(140):
            dept = rng.choices(list(departments), weights=[5, 8, 3, 7, 5])[0]
            start = dt.date(2016, 1, 1) + dt.timedelta(days=rng.randrange(3500))
            salary = round(pay[dept] * rng.uniform(0.8, 1.35), -2)
            share = rng.choice([1, 1, 1, 1, 0.8, 0.5])
            contract = rng.choices(["permanent", "fixed term", "apprentice"], weights=[8, 2, 1])[0]
            location = rng.choice(["Lyon", "Bremen", "Porto", "Remote"])
            row: list[object] = [f"E-{1001 + number}", dept, location, start.strftime("%d.%m.%Y"), contract]
            book.put(staff, number + 3, row)
            staff.write(number + 3, 5, share, book.percent)
            if number % 47:
                staff.write(number + 3, 6, salary)
            staff.write(number + 3, 7, rng.randint(1962, 2005))
            if rng.random() < 0.2:
                gone = start + dt.timedelta(days=rng.randint(120, 1800))
                if gone <= dt.date(2025, 12, 31):
                    leavers.append((f"E-{1001 + number}", gone))
        left = book.add_worksheet("Leavers")
        left.write_row(0, 0, ["Staff No", "Last day", "Reason", "Exit interview"], book.bold)
        reasons = ["resigned", "resigned", "end of contract", "retired", "dismissed"]
        for number, (who, gone) in enumerate(leavers, 1):
            held = rng.choice(["yes", "no", ""])
            book.put(left, number, [who, gone.strftime("%d.%m.%Y"), rng.choice(reasons), held or None])
        units = book.add_worksheet("Departments")
        units.write_row(0, 0, ["Code", "Department", "Planned heads", "Cost centre"], book.bold)
        for number, ((code, name), heads_planned) in enumerate(zip(departments.items(), (26, 43, 15, 32, 24), strict=True), 1):
            units.write_row(number, 0, [code, name, heads_planned, f"0{4100 + number * 10}"])


def stock() -> None:
    """Write articles beside warehouses on one tab, and movements with outgoing pieces as accounting negatives."""
    rng = random.Random(603)
    groups = {"Fasteners": ["Bolt M6", "Bolt M8", "Nut M6", "Washer 8", "Rivet 4"], "Tools": ["Hammer", "Pliers", "Level"]}
    groups |= {"Paint": ["Primer", "White wall", "Varnish"], "Electrical": ["Socket", "Switch", "Fuse 16 A", "Lamp E27"]}
    with Book("stock.xlsx", "Articles, warehouses and movements") as book:
        master = book.add_worksheet("Master data")
        master.write(0, 0, "Articles", book.bold)
        master.write(0, 7, "Warehouses", book.bold)
        master.write_row(1, 0, ["SKU", "Description", "Group", "Unit cost", "Minimum stock"], book.bold)
        master.write_row(1, 7, ["Code", "City", "Capacity (m3)"], book.bold)
        skus: list[str] = []
        for number, (group, name) in enumerate(((g, n) for g, listed in groups.items() for n in listed), 1):
            sku = f"{number * 37:06}"
            skus.append(sku)
            cost = f"{rng.uniform(0.1, 45):.2f}".replace(".", ",")
            master.write_string(number + 1, 0, sku)
            master.write_row(number + 1, 1, [name, group, cost, rng.choice([0, 20, 50, 100])])
        for number, row in enumerate([("GD", "Gdansk", 1200), ("MA", "Malmo", 800), ("TU", "Turin", 950)], 2):
            master.write_row(number, 7, row)
        moves = book.add_worksheet("Movements")
        moves.write(0, 0, "Stock movements 2025, pieces; outgoing in parentheses", book.bold)
        moves.write_row(2, 0, ["Date", "SKU", "Warehouse", "Type", "Pieces"], book.bold)
        day, row = dt.date(2025, 1, 2), 3
        for sku in skus:
            for warehouse in ("GD", "MA", "TU"):
                book.put(moves, row, [day, sku, warehouse, "opening", rng.randint(40, 160)])
                row += 1
        for number in range(235):
            date = day + dt.timedelta(days=1 + int(number * 1.53))
            kind = rng.choices(["receipt", "issue", "scrap"], weights=[3, 6, 1])[0]
            pieces = rng.randint(10, 80) if kind == "receipt" else -rng.randint(1, 35)
            book.put(moves, row, [date, rng.choice(skus), rng.choices(["GD", "MA", "TU"], weights=[5, 3, 2])[0], kind])
            moves.write(row, 4, pieces, book.accounting)
            row += 1


def timesheets() -> None:
    """Write hours by project and role, with budgets and hourly rates on tabs of their own."""
    rng = random.Random(604)
    projects = {"P-10": ("Website", 400, "closed"), "P-11": ("Warehouse move", 650, "open"), "P-12": ("Audit", 220, "open")}
    projects |= {"P-13": ("Mobile app", 900, "open"), "P-14": ("Training", 150, "closed"), "P-15": ("Archive", 80, "on hold")}
    roles = {"Developer": 92, "Designer": 85, "Analyst": 78, "Manager": 120}
    with Book("timesheets.xlsx", "Hours, projects and rates") as book:
        sheet = book.add_worksheet("Hours")
        sheet.write_row(0, 0, ["Day", "Project", "Role", "Hours", "Billable", "Note"], book.bold)
        for number in range(420):
            day = dt.date(2025, 1, 6) + dt.timedelta(days=int(number * 0.83))
            project = rng.choices(list(projects), weights=[4, 6, 2, 9, 2, 0.01])[0]
            note = rng.choice([None, None, None, "travel", "workshop", "rework"])
            hours = rng.choice([1, 1.5, 2, 3, 4, 6, 7.5, 8])
            billable = "y" if rng.random() < 0.78 else "n"
            book.put(sheet, number + 1, [day, project, rng.choice(list(roles)), hours, billable, note])
        plan = book.add_worksheet("Projects")
        plan.write(0, 0, "Projects 2025", book.bold)
        plan.write_row(2, 0, ["Project", "Title", "Client", "Budget hours", "Status"], book.bold)
        for number, (code, (title, budget, status)) in enumerate(projects.items(), 3):
            plan.write_row(number, 0, [code, title, ("Council", "Museum", "Bank")[number % 3], budget, status])
        plan.write_row(9, 0, ["Total", None, None, sum(budget for _, budget, _ in projects.values())], book.bold)
        rates = book.add_worksheet("Rates")
        rates.write_row(0, 0, ["Role", "Rate (EUR/h)", "Valid from"], book.bold)
        for number, (role, rate) in enumerate(roles.items(), 1):
            book.put(rates, number, [role, rate, dt.date(2025, 1, 1)])


def tickets() -> None:
    """Write support tickets with service levels and customers' plans; some are still open, some were never rated."""
    rng = random.Random(605)
    with Book("tickets.xlsx", "Support tickets") as book:
        sheet = book.add_worksheet("Tickets")
        heads = ["Ticket", "Opened", "Closed", "Priority", "Team", "Account", "Channel", "Rating (1-5)", "Reopened"]
        sheet.write_row(0, 0, heads, book.bold)
        for number in range(360):
            opened = dt.datetime(2025, 1, 1, 7) + dt.timedelta(minutes=int(number * 1440 * 0.99) + rng.randrange(600))
            priority = rng.choices(["Low", "Normal", "High", "Urgent"], weights=[3, 6, 3, 1])[0]
            worst = {"Low": 160, "Normal": 90, "High": 40, "Urgent": 12}[priority]
            closed = (
                None if number > 335 and rng.random() < 0.7 else opened + dt.timedelta(minutes=rng.randrange(30, worst * 60))
            )
            team = rng.choice(["Network", "Billing", "Hardware"])
            rating = rng.choice([1, 2, 3, 4, 4, 5, 5]) if closed and rng.random() < 0.6 else None
            account, channel = f"A{rng.randint(1, 15):02}", rng.choice(["email", "phone", "chat"])
            reopened = "Yes" if rng.random() < 0.12 else "No"
            book.put(
                sheet, number + 1, [f"T{number + 5001}", opened, closed, priority, team, account, channel, rating, reopened]
            )
        levels = book.add_worksheet("Service levels")
        levels.write(0, 0, "Agreed time to close, in hours", book.bold)
        levels.write_row(2, 0, ["Priority", "Hours to close"], book.bold)
        for number, row in enumerate([("Low", 120), ("Normal", 72), ("High", 24), ("Urgent", 8)], 3):
            levels.write_row(number, 0, row)
        accounts = book.add_worksheet("Accounts")
        accounts.write_row(0, 0, ["Account", "Plan", "Seats", "Country", "Renewal"], book.bold)
        for number in range(1, 16):
            plan = ("Basic", "Plus", "Premium")[number % 3]
            country = ("Austria", "Ireland", "Italy")[number % 4 % 3]
            book.put(
                accounts,
                number,
                [f"A{number:02}", plan, 5 * number + number % 4 * 10, country, dt.date(2026, 1 + number % 12, 1)],
            )


def energy() -> None:
    """Write meter readings as a German program exports them: semicolons, decimal commas, day first."""
    rng = random.Random(606)
    meters = {"Z-01": ("Werk Nord", "Strom"), "Z-02": ("Werk Nord", "Gas"), "Z-03": ("Werk Süd", "Strom")}
    meters |= {"Z-04": ("Büro", "Strom"), "Z-05": ("Büro", "Fernwärme"), "Z-06": ("Werk Süd", "Gas")}
    base = {"Strom": 14_000, "Gas": 22_000, "Fernwärme": 6_000}
    price = {"Strom": 0.27, "Gas": 0.11, "Fernwärme": 0.14}
    lines = ["Zähler;Standort;Energieart;Ablesedatum;Verbrauch (kWh);Kosten (EUR);Geschätzt"]
    for year in (2024, 2025):
        for month in range(1, 13):
            day = dt.date(year, month, calendar.monthrange(year, month)[1])
            for meter, (site, kind) in meters.items():
                season = 1 if kind == "Strom" else (1.6, 1.5, 1.2, 0.9, 0.5, 0.3, 0.25, 0.25, 0.4, 0.8, 1.2, 1.5)[month - 1]
                used = base[kind] * season * rng.uniform(0.85, 1.15) * (0.4 if site == "Büro" else 1)
                cost = used * price[kind] * (1.04 if year == 2025 else 1)
                amounts = [f"{number:,.2f}".translate(str.maketrans(",.", ".,")) for number in (used, cost)]
                guessed = "ja" if rng.random() < 0.08 else "nein"
                if (meter, year, month) == ("Z-05", 2024, 7):
                    amounts = ["", ""]
                lines.append(";".join([meter, site, kind, day.strftime("%d.%m.%Y"), *amounts, guessed]))
    (PACK / "energie.csv").write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig", newline="")


def budget() -> None:
    """Write a year's plan and actuals: months side by side in thousands, costs as accounting negatives, totals between."""
    rng = random.Random(607)
    lines = {"Product sales": (310, "Income"), "Services": (120, "Income"), "Material": (-140, "Cost"), "Wages": (-150, "Cost")}
    lines |= {"Rent": (-22, "Cost"), "Marketing": (-18, "Cost"), "Travel": (-6, "Cost"), "Insurance": (-4, "Cost")}
    with Book("budget.xlsx", "Plan and actuals") as book:
        thousands = book.add_format({"num_format": "#,##0.0_);(#,##0.0)"})
        for name in ("Plan", "Actual"):
            sheet = book.add_worksheet(name)
            sheet.write(0, 0, f"{name} 2025", book.bold)
            sheet.write(1, 0, "in thousands of EUR; costs in parentheses")
            sheet.write_row(3, 0, ["Line", "Kind", *MONTHS], book.bold)
            for number, (line, (amount, kind)) in enumerate(lines.items(), 4):
                figures = [round(amount * (1 if name == "Plan" else rng.uniform(0.88, 1.12)), 1) for _ in MONTHS]
                sheet.write_row(number, 0, [line, kind])
                sheet.write_row(number, 2, figures, thousands)
            sheet.write(12, 0, "Total", book.bold)
            for column in range(2, 14):
                letter = chr(ord("A") + column)
                sheet.write_formula(12, column, f"=SUM({letter}5:{letter}12)", thousands, 0)
        owners = book.add_worksheet("Responsible")
        owners.write_row(0, 0, ["Line", "Unit", "May overspend"], book.bold)
        units = ["Sales", "Sales", "Production", "People", "Facilities", "Sales", "People", "Facilities"]
        for number, (line, unit) in enumerate(zip(lines, units, strict=True), 1):
            owners.write_row(number, 0, [line, unit, "no" if number % 3 else "yes"])


if __name__ == "__main__":
    PACK.mkdir(parents=True, exist_ok=True)
    for make in (trade, people, stock, timesheets, tickets, energy, budget):
        make()
