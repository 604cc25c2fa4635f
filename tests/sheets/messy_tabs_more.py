"""More tabs, written after the first ones were read: what programs export, other languages, and odd corners."""

from datetime import date

from tests.sheets.messes import Tab, sums
from tests.sheets.messy_tabs import Write

LANGUAGES = (
    ("Товар", "Количество", "Сумма", "Итого"),
    ("Zboží", "Množství", "Cena", "Celkem"),
    ("Vare", "Antal", "Pris", "I alt"),
    ("Tuote", "Määrä", "Hinta", "Yhteensä"),
    ("Ürün", "Adet", "Fiyat", "Toplam"),
    ("상품", "수량", "금액", "합계"),
)


def totals_in_other_languages(tab: Tab) -> None:
    item, count, price, total = tab.rng.choice(LANGUAGES)
    table = tab.table()
    table.header(item, count, price)
    rows = table.items(3, 2)
    table.total(total, None, sums(rows)[1])


def results_of_a_warehouse(tab: Tab) -> None:
    table = tab.table()
    table.header("Plant", "Material", "Value")
    everything: list[list[float]] = []
    for plant in ("1000", "2000"):
        rows = [[tab.amount()] for _ in range(3)]
        for name, row in zip(tab.names(3), rows, strict=True):
            table.add(f"P{plant}", name, *row)
        table.total(f"P{plant}", "Result", *sums(rows))
        everything += rows
    table.total("Overall result", None, *sums(everything))


def names_repeated_instead_of_merged(tab: Tab) -> None:
    table = tab.table()
    table.header("Plant", "2024", "2024", "2025", "2025")
    table.header("Plant", "Plan", "Real", "Plan", "Real")
    table.items(5, 4)


def a_title_in_the_corner_of_a_table_further_in(tab: Tab) -> None:
    tab.line("Branches of the north")
    tab.skip()
    tab.column = 2
    table = tab.table()
    table.header("Branch", "Sales", "Staff")
    table.items(5, 2)


def a_date_at_the_right_of_the_title(tab: Tab) -> None:
    tab.line("Open invoices", None, None, date(2025, 6, 30))
    tab.skip()
    table = tab.table()
    table.header("Customer", "Invoice", "Due", "Amount")
    for number, (name, day) in enumerate(zip(tab.names(5), tab.days(5), strict=True)):
        table.add(name, f"R{number:04}", day, tab.amount())


def a_single_row(tab: Tab) -> None:
    table = tab.table()
    table.header("Name", "Town", "Paid")
    table.add("Anvil", "Rome", tab.amount())


def records_as_columns(tab: Tab) -> None:
    table = tab.table()
    table.header("Property", "Model A", "Model B", "Model C")
    for name in ("Weight", "Length", "Width", "Power"):
        table.add(name, *tab.amounts(3))


def numbers_only(tab: Tab) -> None:
    table = tab.table()
    for _ in range(6):
        table.add(*tab.amounts(4))


def dates_as_texts_over_columns(tab: Tab) -> None:
    table = tab.table()
    table.header("Station", "01.02.2025", "02.02.2025", "03.02.2025", "04.02.2025")
    table.items(5, 4)


def a_running_total(tab: Tab) -> None:
    table = tab.table()
    table.header("Day", "Sales", "Running total")
    so_far = 0.0
    for day in tab.days(7):
        sales = tab.amount()
        so_far = round(so_far + sales, 2)
        table.add(day, sales, so_far)


def shares_under_the_total(tab: Tab) -> None:
    table = tab.table()
    table.header("Branch", "Cash", "Card")
    rows = table.items(4, 2)
    table.total("Total", *sums(rows))
    table.total("Average", *(round(value / 4, 2) for value in sums(rows)))
    tab.skip()
    tab.line("Cash includes cheques.")


def a_legend_beside_the_table(tab: Tab) -> None:
    table = tab.table()
    table.header("Task", "State", "Days")
    for name in tab.names(7):
        table.add(name, tab.rng.choice("ABC"), tab.rng.randrange(2, 50))
    tab.cells[2, 6], tab.cells[3, 6], tab.cells[4, 6] = "A = open", "B = done", "C = dropped"


def a_plan_with_spacer_columns(tab: Tab) -> None:
    table = tab.table()
    table.header("Cost centre", "Plan", "Real", None, "Plan", "Real")
    for name in tab.names(5):
        first, second = tab.amounts(2), tab.amounts(2)
        table.add(name, *first, None, *second)


def a_price_list_in_two_columns(tab: Tab) -> None:
    for column in (1, 4):
        table = tab.table(1, column)
        table.header("Article", "Price")
        table.items(6, 1)


def notes_inside(tab: Tab) -> None:
    table = tab.table()
    table.header("Day", "Item", "Pieces", "Value")
    for number, (day, name) in enumerate(zip(tab.days(8), tab.names(8), strict=True)):
        if number == 4:
            table.apart("Note: prices were raised here")
        table.add(day, name, tab.rng.randrange(90), tab.amount())


def a_header_of_codes(tab: Tab) -> None:
    table = tab.table()
    table.header("Cost type", "K-100", "K-200", "K-300")
    for code in (4000, 4100, 4200, 4300):
        table.add(code, *tab.amounts(3))


def a_form_with_a_heading(tab: Tab) -> None:
    table = tab.table()
    table.header("Parameter", "Value")
    for name, value in (("Firm", "Anvil & Sons"), ("Founded", date(1998, 5, 1)), ("Staff", 120), ("Turnover", 15.5)):
        table.add(name, value)


def two_forms_below_each_other(tab: Tab) -> None:
    for title in ("Sender", "Receiver"):
        tab.line(title)
        table = tab.table()
        for name, value in (("Name:", "Anvil & Sons"), ("Street:", "High St 7"), ("Since:", date(2001, 2, 3)), ("Zip:", 8010)):
            table.add(name, value)
        tab.skip()


def a_page_foot_in_the_middle(tab: Tab) -> None:
    table = tab.table()
    table.header("Konto", "Text", "Betrag")
    for number, name in enumerate(tab.names(9)):
        if number in {3, 6}:
            table.apart(None, f"Seite {number // 3} von 3")
        table.add(4000 + number, name, tab.amount())


def carried_forward(tab: Tab) -> None:
    table = tab.table()
    table.header("Voucher", "Text", "Amount")
    rows: list[list[float]] = []
    for page in range(2):
        for number, name in enumerate(tab.names(4)):
            rows.append([tab.amount()])
            table.add(f"B{page}{number}", name, *rows[-1])
        table.total(None, "Carried forward", *sums(rows))


def a_checklist(tab: Tab) -> None:
    table = tab.table()
    table.header("Done", "Task", "Until")
    for name, day in zip(tab.names(6), tab.days(6), strict=True):
        table.add(tab.rng.choice(("x", None)), f"Order a {name}", day)


def empty_first_cells(tab: Tab) -> None:
    table = tab.table()
    table.header("Remark", "Item", "Stock", "Price")
    for number, name in enumerate(tab.names(6)):
        table.add("old" if number == 3 else None, name, *tab.amounts(2))


TABS: tuple[Write, ...] = tuple(
    value for name, value in list(globals().items()) if getattr(value, "__module__", "") == __name__ and name[0].islower()
)
