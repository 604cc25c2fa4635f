"""Tabs drawn by hand after what people really send, with what a person would call their tables; then jolted at random.

A drawing has one line per row, cells between bars. Truth: `RANGE header ROWS totals ROWS out ROWS`, one per table. A second
opinion beside corpus.py: nothing here follows its recipes.
"""

import random
import re
from dataclasses import dataclass
from datetime import date

from chatsheet.sheets.ingest.grid import Cell, Grid

DRAWINGS = """
# budget with a title, a caption and a spacer column: A4:F8 header 4 totals 9 out
Department budget
EUR thousand

Cost centre | Plan 2024 | Actual 2024 |  | Plan 2025 | Forecast 2025
Marketing | 120 | 118.5 |  | 130 | 128
Sales | 300 | 310.2 |  | 320 | 331
Research | 210 | 190 |  | 260 | 255
Operations | 95 | 99.1 |  | 97 | 98
Total | 725 | 717.8 |  | 807 | 812

# bank statement with a form above: A6:D10 header 6 totals out
Account: | DE89 3704 0044 0532 0130 00
Holder: | Example GmbH
Period: | 2025-01-01

Bookings
Booking date | Text | Amount | Balance
2025-01-02 | Rent January | -1200.00 | 3400.10
2025-01-03 | Invoice 4711 | 580.50 | 3980.60
2025-01-07 | Card payment | -45.20 | 3935.40
2025-01-09 | Salary | 2500.00 | 6435.40

# contacts, all texts: A1:D5 header 1 totals out
First name | Last name | City | E-mail
Ann | Lee | Rome | ann@example.org
Bob | Ray | Oslo | bob@example.org
Cem | Kaya | Izmir | cem@example.org
Dora | Nagy | Pécs | dora@example.org

# log without a header: A1:D5 header totals out
2025-01-01 | web1 | 200 | 0.012
2025-01-01 | web2 | 200 | 0.014
2025-01-01 | web1 | 500 | 1.201
2025-01-02 | web3 | 200 | 0.011
2025-01-02 | web1 | 404 | 0.002

# price list with headings of groups: A3:C10 header 3 totals out 7
Price list spring

Article | Size | Price
Shirts
Basic tee | M | 9.90
Polo | L | 19.90
Trousers
Chino | 32 | 39.90
Jeans | 33 | 49.90
Shorts | 31 | 29.90

# two tables side by side with titles: A2:B5 header 2 totals out; D2:F6 header 2 totals out
By region |  |  | By product
Region | Sales |  | Product | Units | Sales
North | 100.5 |  | Chair | 10 | 80.25
South | 200.25 |  | Table | 12 | 120.25
West | 50 |  | Lamp | 5 | 70.25
 |  |  | Sofa | 2 | 80

# stacked with a note between: A2:C4 header 2 totals 5 out; A9:C11 header 9 totals out
Income
Item | 2023 | 2024
Rent | 12000 | 12500
Fees | 300 | 310
Total income | 12300 | 12810

* before tax
Costs
Item | 2023 | 2024
Repairs | 900 | 1100
Insurance | 450 | 460

# pandas with an index: A1:C4 header 1 totals out
 | city | pop
0 | Rome | 2873000
1 | Oslo | 709000
2 | Graz | 291000

# German monthly report: A4:E8 header 4 totals 9 out
Umsatz nach Filiale
Stand: 31.03.2025

Filiale | Januar | Februar | März | Summe
Berlin | 1000.10 | 1100.20 | 1200.30 | 3300.60
Hamburg | 800.00 | 820.50 | 790.10 | 2410.60
Köln | 400.00 | 410.00 | 420.00 | 1230.00
München | 900.00 | 910.00 | 905.00 | 2715.00
Gesamt | 3100.10 | 3240.70 | 3315.40 | 9656.20

# grouped rows with subtotals by name: A1:C6 header 1 totals 4,7,8 out
Team | Player | Points
Red | Ann | 12
Red | Bob | 15
Red Total |  | 27
Blue | Cem | 22
Blue | Dora | 9
Blue Total |  | 31
Grand Total |  | 58

# survey answers: A1:D6 header 1 totals out
Respondent | Do you agree? | How often do you shop here? | Comment
1 | yes | weekly |
2 | no | monthly | too expensive
3 | yes | weekly |
4 | yes | never |
5 | no | daily | love it

# time sheet with days as numbers: A3:F6 header 3 totals out
Timesheet May

Name | 1 | 2 | 3 | 4 | 5
Ann | 8 | 8 | 7.5 | 8 | 6
Bob | 8 | 7 | 8 | 8 | 8
Cem | 4 | 4 | 4 | 4 | 4

# statistics with footnotes: A3:C7 header 3 totals out
Table 3.1: Population by country

Country | 2011 | 2021
Austria | 8375164 | 8932664
Belgium | 11000638 | 11554767
Croatia¹ | 4284889 | 3871833
Denmark | 5560628 | 5840045
¹ Census figures.
Source: national statistical offices.

# two header rows without merged cells: A1:E5 header 1,2 totals out
 | Male |  | Female |
Age group | Count | Share | Count | Share
0-17 | 120 | 0.21 | 115 | 0.20
18-64 | 340 | 0.60 | 355 | 0.62
65+ | 105 | 0.19 | 103 | 0.18

# inventory with a blank row now and then: A1:D8 header 1 totals out 4,7
SKU | Name | Stock | Location
100-1 | Bolt | 250 | A1
100-2 | Nut | 300 | A2

200-1 | Saw | 12 | B1
200-2 | Hammer | 15 | B2

300-1 | Glue | 40 | C1

# remarks at the side: A1:C5 header 1 totals out
Item | Qty | Price |  | please check
Pen | 10 | 1.20 |  |
Ink | 4 | 5.50 |  | ordered twice
Pad | 7 | 2.10 |  |
Cap | 9 | 3.00 |  |

# repeated page header: A1:C7 header 1 totals out 4
Date | Voucher | Amount
2025-01-01 | R1 | 10.5
2025-01-02 | R2 | 11.5
Date | Voucher | Amount
2025-01-03 | R3 | 12.5
2025-01-04 | R4 | 9.25
2025-01-05 | R5 | 8.75

# French accounts: A3:D6 header 3 totals 7 out
Compte de résultat

Libellé | Exercice N | Exercice N-1 | Écart
Ventes | 5000.5 | 4800 | 200.5
Achats | -2000 | -1900 | -100
Salaires | -1500 | -1450 | -50
Résultat | 1500.5 | 1450 | 50.5

# Polish order list with units: A1:D5 header 1,2 totals 6 out
Towar | Ilość | Cena | Wartość
 | szt. | zł | zł
Śruba | 100 | 0.50 | 50.00
Młotek | 5 | 35.00 | 175.00
Piła | 3 | 42.00 | 126.00
Razem |  |  | 351.00

# empty cells in the first column by group: A1:C6 header 1 totals out
Country | City | Visitors
Italy | Rome | 900
 | Milan | 700
 | Turin | 300
France | Paris | 1900
 | Lyon | 500

# quarters and a year in two rows: A2:E5 header 2,3 totals out
Volume
 | 2023 |  | 2024 |
Plant | H1 | H2 | H1 | H2
Ulm | 10.5 | 11.5 | 12.5 | 13.5
Graz | 20.5 | 21.5 | 22.5 | 23.5

# codes without a header: A1:B4 header totals out
AT-001 | 12.5
AT-002 | 13.5
AT-003 | 11.5
AT-004 | 10.5

# matrix of distances: A1:D4 header 1 totals out
 | Rome | Oslo | Graz
Rome | 0 | 2005 | 690
Oslo | 2005 | 0 | 1390
Graz | 690 | 1390 | 0

# average below: A1:C5 header 1 totals 6,7 out
Student | Maths | Physics
Ann | 1.3 | 2.0
Bob | 2.7 | 3.0
Cem | 1.0 | 1.7
Dora | 4.0 | 3.3
Average | 2.25 | 2.5
Total | 9.0 | 10.0

# tasks, all texts with gaps: A1:D5 header 1 totals out
Task | Owner | Status | Remark
Write report | Ann | done |
Send offer | Bob | open | waits for Cem
Call back |  | open |
Book room | Dora | done |

# a readme tab holds no table: none
This workbook contains the sales figures of all branches.
Please do not change the formulas.
Questions: controlling department.

# a header waiting for rows: none
Name | City | Amount

# Spanish list with a total on top: A2:C6 header 2 totals 3 out
Ventas del mes
Cliente | Pedidos | Importe
Total | 60 | 1500.75
Pérez | 10 | 500.25
López | 20 | 300.25
García | 30 | 700.25

# three blocks beside each other: A1:B4 header 1 totals out; D1:E3 header 1 totals out; G1:H5 header 1 totals out
Fruit | kg |  | Veg | kg |  | Nuts | kg
Apple | 10.5 |  | Leek | 3.5 |  | Walnut | 1.5
Pear | 12.5 |  | Kale | 4.5 |  | Almond | 2.5
Plum | 9.5 |  |  |  |  | Hazel | 3.5
 |  |  |  |  |  | Pecan | 4.5

# Japanese sales: A3:D6 header 3 totals 7 out
売上一覧
単位:千円
店舗 | 4月 | 5月 | 6月
東京 | 120 | 130 | 140
大阪 | 90 | 95 | 99
名古屋 | 60 | 61 | 65
合計 | 270 | 286 | 304

# missing values marked: A1:D5 header 1 totals out
Station | Jan | Feb | Mar
Alm | 1.2 | n/a | 4.5
Berg | - | 2.2 | 5.0
Dorf | 0.3 | 1.9 | n/a
Eck | 2.0 | 2.5 | 3.5

# wide table above two small ones: A1:F4 header 1 totals out; A7:B9 header 7 totals out; D7:F9 header 7 totals out
Id | Name | Town | Age | Height | Weight
1 | Ann | Rome | 33 | 1.70 | 60.5
2 | Bob | Oslo | 44 | 1.80 | 80.5
3 | Cem | Graz | 55 | 1.75 | 77.5


Town | People |  | Age from | Age to | People
Rome | 1 |  | 30 | 39 | 1
Oslo | 1 |  | 40 | 59 | 2

# a company called Total: A1:C5 header 1 totals out
Company | Country | Revenue
Shell | UK | 386.2
Total | France | 281.0
Exxon | USA | 413.7
Eni | Italy | 132.5

# signature at the end: A3:C6 header 3 totals 7 out
Expenses trip Vienna

What | When | EUR
Train | 2025-03-01 | 89.90
Hotel | 2025-03-02 | 240.00
Taxi | 2025-03-03 | 31.50
Sum |  | 361.40


Signature:
Approved by: | Ann

# data starts after a blank row under the header: A1:C5 header 1 totals out
Part | Length | Mass

P1 | 10.5 | 1.25
P2 | 11.5 | 1.35
P3 | 12.5 | 1.45

# league table with a rank column: A2:F5 header 2 totals out
Season 2024/25
No | Team | Played | Won | Lost | Points
1 | Lions | 30 | 20 | 10 | 60
2 | Bears | 30 | 18 | 12 | 54
3 | Wolves | 30 | 15 | 15 | 45

# Dutch invoice lines with VAT below: A5:D7 header 5 totals 8 out
Factuur 2025-117
Klant: | Jansen BV
Datum: | 2025-03-04

Omschrijving | Aantal | Prijs | Bedrag
Advies | 3 | 100.00 | 300.00
Reis | 1 | 45.50 | 45.50
Totaal |  |  | 345.50

# sensor export with comment lines: A4:C7 header 4 totals out
## device: TX-9
## unit: degC

time | inside | outside
2025-01-01 | 20.5 | -3.5
2025-01-02 | 20.7 | -4.0
2025-01-03 | 19.9 | -1.2

# parts list, ids with digits, all texts: A1:C4 header 1 totals out
Part no | Drawing | Material
AB-1001 | D-77 | steel
AB-1002 | D-78 | brass
AB-1003 | D-79 | steel

# two stacked tables without a blank row: A1:C3 header 1 totals out; A4:C6 header 4 totals out
Employee | Hours | Rate
Ann | 40 | 22.5
Bob | 38 | 21.5
Machine | Power | Age
Mill | 12.5 | 4
Saw | 3.5 | 9

# profit and loss with percent columns: A3:C7 header 3 totals out
Income statement
(unaudited)
USD million | 2023 | 2024
Revenue | 500.1 | 540.2
Cost of sales | -300.5 | -310.1
Gross margin % | 39.9% | 42.6%
Net income | 60.2 | 71.3

# crosstab with weekday columns: A1:F4 header 1 totals 5 out
Shift | Mon | Tue | Wed | Thu | Fri
Early | 4 | 5 | 4 | 6 | 5
Late | 3 | 3 | 4 | 2 | 4
Night | 2 | 2 | 2 | 2 | 2
All shifts | 9 | 10 | 10 | 10 | 11

# Italian ledger with carried balance: A1:D5 header 1 totals 6 out
Data | Causale | Dare | Avere
2025-01-02 | Apertura | 1000.00 |
2025-01-05 | Acquisto |  | 250.00
2025-01-09 | Vendita | 800.00 |
2025-01-12 | Spese |  | 99.50
 | Totale | 1800.00 | 349.50

# three-level header: A1:E6 header 1,2,3 totals out
 | Europe |  | Asia |
 | 2024 | 2025 | 2024 | 2025
 | t | t | t | t
Copper | 10.5 | 11.5 | 20.5 | 21.5
Zinc | 12.5 | 13.5 | 22.5 | 23.5
Tin | 1.5 | 2.5 | 3.5 | 4.5

# notes to the right and a legend below: A1:C4 header 1 totals out
Code | Name | Level
10 | Intake | 2
20 | Review | 1
30 | Release | 3

Legend: 1 = low, 2 = medium, 3 = high

# glossary of long texts: A1:B4 header 1 totals out
Term | Meaning
Churn | the share of customers who leave within a year
Cohort | customers who joined in the same month
ARPU | average revenue per user and month

# numbers only under years: A1:C3 header 1 totals out
2023 | 2024 | 2025
10.5 | 11.5 | 12.5
20.5 | 21.5 | 22.5

# Swedish list with a subtotal in the middle: A1:B6 header 1 totals 4,7,8 out
Post | Belopp
Hyra | 900.5
El | 100.25
Delsumma | 1000.75
Mat | 400.5
Buss | 80.25
Delsumma | 480.75
Summa | 1481.5

# check list with marks: A1:D4 header 1 totals out
Control | Q1 | Q2 | Q3
Fire doors | x |  | x
Lamps |  | x |
Exits | x | x | x

# a single table far from the corner: C4:E6 header 4 totals out



 |  | City | Area | People
 |  | Graz | 127.6 | 291000
 |  | Linz | 96.0 | 207000

# two pivots side by side with the same first label: A1:C3 header 1 totals out; E1:G3 header 1 totals out
Month | Plan | Real |  | Month | Plan | Real
Jan | 10.5 | 11.5 |  | Jan | 20.5 | 21.5
Feb | 12.5 | 13.5 |  | Feb | 22.5 | 23.5

# reviews with a header in the data language: A1:C4 header 1 totals out
氏名 | 部署 | 評価
佐藤 | 営業 | A
鈴木 | 開発 | B
高橋 | 営業 | A

# group headings between blank rows: A1:C8 header 1 totals out 4,5,6
Name | Grade | Score
Ann | 5 | 88.5
Bob | 5 | 77.5

Grade six

Cem | 6 | 91.5
Dora | 6 | 69.5

# key figures as a form: A1:B4 header totals out
Founded | 1998
Employees | 120
Revenue | 15.5
Sites | 4

# stock with a totals column and a blank column before it: A1:E4 header 1 totals out
Item | Store A | Store B |  | Both
Pen | 10 | 20 |  | 30
Ink | 5 | 5 |  | 10
Pad | 7 | 9 |  | 16
"""
_RANGE = re.compile(r"([A-Z]+)(\d+):([A-Z]+)(\d+) header ([\d,]*)\s?totals ?([\d,]*)\s?out ?([\d,]*)")


@dataclass(frozen=True, slots=True)
class Truth:
    """A table as its drawing says: first and last column and row of the range, and the rows that are no data."""

    range: str
    header_rows: tuple[int, ...]
    totals: tuple[int, ...]
    left_out: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn tab."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    truth: tuple[Truth, ...]


def drawings() -> list[Drawing]:
    """Return all drawings."""
    found: list[Drawing] = []
    for part in re.split(r"^# ", DRAWINGS, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        name = head.partition(": ")[0]
        lines = body.rstrip("\n").split("\n")
        truth = tuple(_truth(match) for match in _RANGE.finditer(head))
        found.append(Drawing(name, tuple(tuple(cell.strip() for cell in line.split("|")) for line in lines), truth))
    return found


def _truth(match: re.Match[str]) -> Truth:
    left, top, right, bottom, header, totals, out = match.groups()
    return Truth(f"{left}{top}:{right}{bottom}", _numbers(header), _numbers(totals), _numbers(out))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part)


def grid(drawing: Drawing, seed: int) -> Grid:
    """Return the drawing as a tab: seed 0 as drawn; others with values shaken, as texts, padded or with gaps in it."""
    rng = random.Random(seed)  # noqa: S311  not for secrets
    as_texts = seed > 0 and rng.random() < 0.4
    pad = rng.randrange(3) if seed else 0
    width = max(map(len, drawing.rows)) + pad
    rows = [[*map(_typed if not as_texts else str, row), *[None] * (width - len(row))] for row in drawing.rows]
    if seed and rng.random() < 0.5:
        _gap(rng, drawing, rows)
    return Grid("Drawn", rows, first_row=1, first_column=1, is_hidden=False, evidence="drawn", height=len(rows), width=width)


def _gap(rng: random.Random, drawing: Drawing, rows: list[list[Cell]]) -> None:
    """Empty one cell of the data, not in its first column."""
    for truth in drawing.truth:
        left, _, right, bottom = re.findall(r"[A-Z]+|\d+", truth.range)
        first = max(truth.header_rows, default=0)
        row = rng.randint(first + 1, int(bottom))
        if len(truth.totals) == 0 and row not in truth.left_out and rows[row - 1]:
            rows[row - 1][rng.randint(ord(left) - 64, ord(right) - 65)] = None


def _typed(text: str) -> Cell:
    if re.fullmatch(r"-?\d+", text):
        return float(text)
    if re.fullmatch(r"-?\d+\.\d+", text):
        return float(text)
    return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else (text or None)
