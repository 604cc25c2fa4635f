"""Tabs as offices, banks, statistics bureaus and programs make them, each a function that writes one with its truth."""

from collections.abc import Callable
from datetime import date, timedelta

from tests.sheets.messes import Tab, sums

Write = Callable[[Tab], None]
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def a_list_under_a_title(tab: Tab) -> None:
    tab.line("Stock list")
    tab.skip()
    table = tab.table()
    table.header("Item", "Weight", "Price")
    table.items(7, 2)


def counted_pieces_of_which_one_is_the_sum_of_the_others(tab: Tab) -> None:
    table = tab.table()
    table.header("Id", "Pieces")
    for number, pieces in enumerate((1, 2, 3, 6, 12, 24), 101):
        table.add(number, pieces)


def a_last_row_that_happens_to_be_a_sum(tab: Tab) -> None:
    table = tab.table()
    table.header("Customer", "Country", "Visits")
    for name, visits in zip(tab.names(4), (3, 5, 2, 10), strict=True):
        table.add(name, "Norway", visits)


def rooms_of_one_two_and_three(tab: Tab) -> None:
    table = tab.table()
    table.header("Floor", "Rooms", "Beds")
    for row in ((1, 1, 2), (2, 2, 4), (3, 3, 6)):
        table.add(*row)


def firms_called_total(tab: Tab) -> None:
    table = tab.table()
    table.header("Supplier", "City", "Turnover")
    for name in (*tab.names(3), "Total Energies", "Total Wine & More", *("Summa AB", "Average Joe Ltd")):
        table.add(name, "Lyon", tab.amount())


def a_column_of_totals(tab: Tab) -> None:
    table = tab.table()
    table.header("Branch", "Cash", "Card", "Total")
    for name in tab.names(6):
        cash, card = tab.amounts(2)
        table.add(name, cash, card, round(cash + card, 2))


def subtotals_by_name(tab: Tab) -> None:
    table = tab.table()
    table.header("Region", "Branch", "Sales")
    everything: list[list[float]] = []
    for region in ("North", "South", "West"):
        rows = [[tab.amount()] for _ in range(3)]
        for name, row in zip(tab.names(3), rows, strict=True):
            table.add(region, name, *row)
        table.total(f"{region} total", None, *sums(rows))
        everything += rows
    table.total("Grand total", None, *sums(everything))


def german_subtotals(tab: Tab) -> None:
    table = tab.table()
    table.header("Konto", "Soll", "Haben")
    everything: list[list[float]] = []
    for _ in range(2):
        rows = table.items(4, 2)
        table.total("Zwischensumme", *sums(rows))
        everything += rows
    table.total("Gesamtsumme", *sums(everything))


def the_total_says_so_in_its_second_column(tab: Tab) -> None:
    table = tab.table()
    table.header("Pos", "Article", "Amount")
    rows = [[tab.amount()] for _ in range(5)]
    for place, (name, row) in enumerate(zip(tab.names(5), rows, strict=True), 1):
        table.add(place * 10, name, *row)
    table.total(None, "Total", *sums(rows))


def the_total_stands_first(tab: Tab) -> None:
    table = tab.table()
    table.header("Canton", "Cows", "Sheep")
    row = tab.row
    tab.row += 1
    rows = table.items(6, 2)
    end, tab.row = tab.row, row
    table.total("Total", *sums(rows))
    tab.row = end


def a_total_after_a_blank_row(tab: Tab) -> None:
    table = tab.table()
    table.header("Cost", "Plan", "Real")
    rows = table.items(5, 2)
    tab.skip()
    table.total("Total", *sums(rows))


def an_average_under_the_total(tab: Tab) -> None:
    table = tab.table()
    table.header("Pupil", "Maths", "Art")
    rows = table.items(4, 2)
    table.total("Sum", *sums(rows))
    table.total("Average", *(round(value / 4, 3) for value in sums(rows)))


def a_total_of_some_columns(tab: Tab) -> None:
    table = tab.table()
    table.header("Article", "Pieces", "Price", "Value")
    rows = [[float(n), 2.5 + n, n * (2.5 + n)] for n in (4, 7, 9, 11)]
    for name, row in zip(tab.names(4), rows, strict=True):
        table.add(name, *row)
    table.total("Total:", None, None, sums(rows)[2])


def a_total_with_a_count_in_brackets(tab: Tab) -> None:
    table = tab.table()
    table.header("Donor", "Paid")
    table.total("Total (4 donors)", *sums(table.items(4, 1)))


def two_lists_beside_each_other_of_different_height(tab: Tab) -> None:
    one = tab.table()
    one.header("Item", "Price")
    one.items(8, 1)
    two = tab.table(1, 5)
    two.header("Town", "Area", "People")
    two.items(3, 2)


def three_lists_with_titles_beside_each_other(tab: Tab) -> None:
    for place, (title, rows) in enumerate((("Spring", 4), ("Summer", 6), ("Autumn", 5))):
        tab.row, tab.column = 1, 1 + 4 * place
        tab.line(title)
        table = tab.table()
        table.header("Guest", "Nights", "Paid")
        table.items(rows, 2)


def lists_beside_each_other_with_totals(tab: Tab) -> None:
    for column, rows in ((1, 5), (4, 3)):
        table = tab.table(1, column)
        table.header("Cost", "Amount")
        table.total("Total", *sums(table.items(rows, 1)))


def lists_beside_each_other_that_begin_in_different_rows(tab: Tab) -> None:
    one = tab.table()
    one.header("Ship", "Tons")
    one.items(9, 1)
    two = tab.table(4, 4)
    two.header("Port", "Depth", "Docks")
    two.items(4, 2)


def a_list_beside_and_one_below(tab: Tab) -> None:
    one = tab.table()
    one.header("Item", "Price")
    one.items(4, 1)
    two = tab.table(1, 4)
    two.header("Town", "Area")
    two.items(4, 1)
    tab.column = 1
    tab.skip(2)
    three = tab.table()
    three.header("Year", "Costs", "Gains", "Staff")
    for year in (2021, 2022, 2023):
        three.add(f"FY {year}", *tab.amounts(3))


def blank_rows_between_rows(tab: Tab) -> None:
    table = tab.table()
    table.header("Sku", "Name", "Stock")
    for number, name in enumerate(tab.names(7)):
        if number in {2, 5}:
            table.apart()
        table.add(f"S-{number:03}", name, tab.rng.randrange(500))


def a_blank_row_after_every_row(tab: Tab) -> None:
    table = tab.table()
    table.header("Name", "Born", "Pay")
    for name in tab.names(5):
        table.add(name, 1950 + tab.rng.randrange(50), tab.amount())
        table.apart()
    table.others.pop()


def a_note_between_two_tables(tab: Tab) -> None:
    one = tab.table()
    one.header("Item", "2023", "2024")
    one.items(4, 2)
    tab.skip()
    tab.line("* without the branch in Oslo")
    tab.skip()
    two = tab.table()
    two.header("Item", "2023", "2024")
    two.items(3, 2)


def tables_with_titles_below_each_other(tab: Tab) -> None:
    for title in ("Income", "Costs", "Investments"):
        tab.line(title)
        table = tab.table()
        table.header("Account", "Plan", "Real")
        table.total("Total", *sums(table.items(4, 2)))
        tab.skip()


def merged_levels_with_blanks(tab: Tab) -> None:
    table = tab.table()
    row = table.header("Plant", "2024", None, "2025", None)
    table.header(None, "Plan", "Real", "Plan", "Real")
    tab.merge(row, 0, rows=2)
    tab.merge(row, 1, columns=2)
    tab.merge(row, 3, columns=2)
    table.items(5, 4)


def three_levels_some_of_them_blank(tab: Tab) -> None:
    table = tab.table()
    row = table.header("Metal", "Europe", None, None, "Asia", None)
    table.header(None, "2024", None, "2025", "2024", "2025")
    table.header(None, "t", "kEUR", "t", "t", "t")
    tab.merge(row, 1, columns=3)
    tab.merge(row, 4, columns=2)
    tab.merge(row + 1, 1, columns=2)
    tab.merge(row, 0, rows=3)
    table.items(4, 5)


def a_title_merged_over_the_whole_table(tab: Tab) -> None:
    tab.merge(tab.line("Turnover by branch, 2025"), 0, columns=4)
    table = tab.table()
    table.header("Branch", "Q1", "Q2", "Q3")
    table.items(4, 3)


def units_under_the_names(tab: Tab) -> None:
    table = tab.table()
    table.header("Plant", "Turnover", "Margin", "Staff")
    table.header(None, "kEUR", "in %", "FTE")
    table.items(5, 3)


def units_in_brackets_under_every_name(tab: Tab) -> None:
    table = tab.table()
    table.header("Sample", "Mass", "Length", "Temperature")
    table.header("(no.)", "(kg)", "(mm)", "(°C)")
    for number in range(6):
        table.add(f"P{number}", *tab.amounts(3))


def numbered_columns_as_on_forms(tab: Tab) -> None:
    table = tab.table()
    table.header("Municipality", "Births", "Deaths", "Balance")
    table.header(1, 2, 3, 4)
    table.items(6, 3)


def sources_below(tab: Tab) -> None:
    table = tab.table()
    table.header("Country", "Area", "People")
    table.items(5, 2)
    tab.line("Source: national statistical office")
    tab.line("Note: provisional figures")


def a_total_and_footnotes_below(tab: Tab) -> None:
    table = tab.table()
    table.header("Country", "Exports", "Imports")
    table.total("Total", *sums(table.items(5, 2)))
    tab.skip()
    tab.line("1) estimated")
    tab.line("Quelle: eigene Berechnung")
    tab.line("As of: 2025-03-31")


def a_report_that_says_where_it_ends(tab: Tab) -> None:
    table = tab.table()
    table.header("Voucher", "Text", "Amount")
    for number, name in enumerate(tab.names(6)):
        table.add(f"V{4711 + number}", name, tab.amount())
    tab.line("*** End of report ***")


def a_table_far_from_the_corner(tab: Tab) -> None:
    tab.row, tab.column = 7, 4
    table = tab.table()
    table.header("Town", "Area", "People")
    table.items(4, 2)


def printed_pages_with_page_numbers(tab: Tab) -> None:
    table = tab.table()
    table.header("Date", "Voucher", "Amount")
    for page in range(3):
        if page:
            table.apart(f"Page {page + 1} of 3")
            table.apart("Date", "Voucher", "Amount")
        for number, day in enumerate(tab.days(4)):
            table.add(day, f"R{page}{number}", tab.amount())


def printed_pages_with_their_title(tab: Tab) -> None:
    tab.line("Journal of the year")
    table = tab.table()
    table.header("Date", "Text", "Debit", "Credit")
    for page in range(3):
        if page:
            table.apart()
            table.apart("Journal of the year")
            table.apart("Date", "Text", "Debit", "Credit")
        for day, name in zip(tab.days(5), tab.names(5), strict=True):
            table.add(day, name, *tab.amounts(2))


def months_as_columns(tab: Tab) -> None:
    table = tab.table()
    table.header("Branch", *MONTHS)
    table.items(5, 12)


def years_as_columns(tab: Tab) -> None:
    table = tab.table()
    table.header("Indicator", *range(2015, 2025))
    table.items(5, 10)


def first_days_of_months_as_columns(tab: Tab) -> None:
    table = tab.table()
    table.header("Account", *(date(2025, month, 1) for month in range(1, 7)))
    table.total("Total", *sums(table.items(5, 6)))


def years_over_quarters(tab: Tab) -> None:
    table = tab.table()
    row = table.header(None, 2023, None, None, None, 2024, None, None, None)
    table.header("Product", *("Q1", "Q2", "Q3", "Q4") * 2)
    tab.merge(row, 1, columns=4)
    tab.merge(row, 5, columns=4)
    table.items(4, 8)


def weeks_as_columns(tab: Tab) -> None:
    table = tab.table()
    table.header("Linie", *(f"KW {week}" for week in range(14, 20)))
    table.items(4, 6)


def a_page_to_read(tab: Tab) -> None:
    tab.line("About this workbook")
    tab.skip()
    tab.line("The figures are those of the annual report and may change without notice.")
    tab.line("Every tab holds one branch; amounts are in thousands of euros.")
    tab.line("Questions go to the controlling department, which answers within a week.")


def a_list_of_names(tab: Tab) -> None:
    table = tab.table()
    table.header("Guests")
    for name in tab.names(9):
        table.add(name)


def a_list_of_numbers(tab: Tab) -> None:
    table = tab.table()
    table.header("Measured")
    for value in tab.amounts(9):
        table.add(value)


def a_form(tab: Tab) -> None:
    table = tab.table()
    for name, value in (("Firm", "Anvil & Sons"), ("Founded on", date(1998, 5, 1)), ("Employees", 120), ("Turnover", 15.5)):
        table.add(name, value)


def a_form_with_colons(tab: Tab) -> None:
    tab.line("Order confirmation")
    tab.skip()
    table = tab.table()
    for name, value in (("Customer:", "Anvil & Sons"), ("Number:", 4711), ("Date:", date(2025, 5, 1)), ("Total:", 815.5)):
        table.add(name, value)


def a_form_over_a_table(tab: Tab) -> None:
    for name, value in (("Customer:", "Anvil & Sons"), ("Order:", 4711), ("Date:", date(2025, 5, 1))):
        tab.line(name, value)
    tab.skip()
    table = tab.table()
    table.header("Pos", "Article", "Pieces", "Price")
    for number, name in enumerate(tab.names(4), 1):
        table.add(number, name, tab.rng.randrange(2, 90), tab.amount())


def a_form_of_two_pairs_over_a_table(tab: Tab) -> None:
    tab.line("Bank:", "Anvil Bank", "From:", date(2025, 1, 1))
    tab.line("Account:", "DE89 3704 0044", "To:", date(2025, 1, 31))
    tab.skip()
    table = tab.table()
    table.header("Booked", "Text", "Amount", "Balance")
    for day, name in zip(tab.days(5), tab.names(5), strict=True):
        table.add(day, name, *tab.amounts(2))


def an_index_without_a_name(tab: Tab) -> None:
    table = tab.table()
    table.header(None, "city", "people", "area")
    table.columns.add(tab.column)
    for number, name in enumerate(tab.names(6)):
        table.add(number, name, *tab.amounts(2))


def headings_of_groups(tab: Tab) -> None:
    table = tab.table()
    table.header("Article", "Size", "Price")
    for heading in ("Shirts", "Trousers", "Shoes"):
        table.apart(heading)
        for name in tab.names(3):
            table.add(name, tab.rng.choice("SML"), tab.amount())


def a_balance_sheet(tab: Tab) -> None:
    tab.line("Balance sheet")
    tab.line("USD million")
    tab.skip()
    table = tab.table()
    table.header("Position", "2024", "2023")
    everything: list[list[float]] = []
    for heading in ("Current assets", "Fixed assets"):
        table.apart(heading)
        rows = table.items(3, 2)
        table.total(f"Total {heading.lower()}", *sums(rows))
        everything += rows
    table.total("Total assets", *sums(everything))


def names_of_two_lines(tab: Tab) -> None:
    table = tab.table()
    table.header("Article\nnumber", "Net\nsales", "Gross\nsales")
    for number in range(6):
        table.add(f"A-{number}7", *tab.amounts(2))


def long_answers(tab: Tab) -> None:
    table = tab.table()
    table.header("No", "Question", "Answer", "Points")
    for number, name in enumerate(tab.names(6), 1):
        table.add(
            number, f"What do you think of the {name}?", f"The {name} is fine, but it came late and it was loud.", number % 4
        )


def texts_that_come_again(tab: Tab) -> None:
    table = tab.table()
    table.header("Employee", "Office", "Team", "Status")
    for name in tab.names(8):
        table.add(name, tab.rng.choice(("Rome", "Oslo")), tab.rng.choice(("Red", "Blue")), "active")


def a_blank_row_under_the_names(tab: Tab) -> None:
    table = tab.table()
    table.header("Part", "Length", "Mass")
    tab.skip()
    table.items(5, 2)


def a_remark_far_to_the_right(tab: Tab) -> None:
    table = tab.table()
    table.header("Item", "Stock", "Price")
    table.items(6, 2)
    tab.cells[3, 9] = "please check"


def readings_of_a_meter(tab: Tab) -> None:
    table = tab.table()
    table.header("Day", "Hall 1", "Hall 2", "Hall 3")
    for day in tab.days(8):
        table.add(day, *tab.amounts(3))


def answers_by_yes_and_no(tab: Tab) -> None:
    table = tab.table()
    table.header("Site", "Safe", "Clean", "Visits")
    for name in tab.names(6):
        table.add(name, tab.rng.random() < 0.5, tab.rng.random() < 0.5, tab.rng.randrange(90))


def who_printed_it_and_when(tab: Tab) -> None:
    tab.line("Printed by:", "A. Nordmann")
    tab.line("Printed on:", date(2025, 6, 1))
    tab.skip(2)
    table = tab.table()
    table.header("Material", "Plant", "Stock", "Unit")
    for number, name in enumerate(tab.names(6)):
        table.add(f"M{number:05}", name, tab.rng.randrange(900), "pcs")


def a_crosstab_with_gaps(tab: Tab) -> None:
    table = tab.table()
    table.header("Skill", *tab.names(5))
    for skill in ("Welding", "Turning", "Milling", "Grinding", "Paint"):
        table.add(skill, *(tab.rng.choice(("x", None)) for _ in range(4)), "x")


def a_region_written_once_per_group(tab: Tab) -> None:
    table = tab.table()
    table.header("Country", "City", "Guests")
    for country in ("Italy", "France", "Spain"):
        for place, city in enumerate(tab.names(3)):
            table.add(None if place else country, city, tab.rng.randrange(100, 900))


def comments_over_the_header(tab: Tab) -> None:
    tab.line("# exported by a meter")
    tab.line("# unit: kWh")
    table = tab.table()
    table.header("time", "inside", "outside")
    for day in tab.days(6):
        table.add(day, *tab.amounts(2))


def rules_of_dashes(tab: Tab) -> None:
    table = tab.table()
    table.header("Material", "Stock", "Value")
    tab.line("----------", "-------", "---------")
    rows = table.items(5, 2)
    tab.line("----------", "-------", "---------")
    table.total("Total", *sums(rows))
    tab.line("==========", "=======", "=========")


def shifts_with_times(tab: Tab) -> None:
    table = tab.table()
    table.header("Name", "Day", "Hours")
    for name, day in zip(tab.names(6), tab.days(6), strict=True):
        table.add(name, day, timedelta(hours=tab.rng.randrange(4, 30)))


def a_wide_table(tab: Tab) -> None:
    table = tab.table()
    table.header("Station", *(f"h{hour:02}" for hour in range(24)))
    table.items(6, 24)


TABS: tuple[Write, ...] = tuple(
    value for name, value in list(globals().items()) if getattr(value, "__module__", "") == __name__ and name[0].islower()
)
