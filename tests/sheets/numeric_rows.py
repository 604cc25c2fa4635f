"""Small files whose first or later rows are numbers that could be years or column numbers, with what they hold.

Truth in the first line: `NAME: header ROWS data FIRST-LAST`, once per table. The cells are texts, as in a CSV file; `_` is
a blank one.
"""

import re
from dataclasses import dataclass

from chatsheet.sheets.ingest.grid import Cell, Grid

FILES = """
# counting from one under names: header 1 data 2-3
a,b,c
1,2,3
5,6,7

# one row of data that counts: header 1 data 2-2
a,b,c
1,2,3

# counting up to the end: header 1 data 2-6
a,b,c,d
1,2,3,4
5,6,7,8
9,10,11,12
13,14,15,16
17,18,19,20

# counting with a gap below: header 1 data 2-5
id,rank,score
1,2,3
2,5,_
3,6,9
4,7,8

# counting over texts while the ids go on: header 1 data 2-5
id,name,score
1,2,3
2,x,4
3,y,9
4,z,8

# counting over a missing value: header 1 data 2-4
id,q1,q2
1,2,3
4,5,n/a
7,8,9

# counting from nought: header 1 data 2-4
i,a,b
0,1,2
1,5,6
2,7,8

# an index without a name: header 1 data 2-4
_,a,b
0,1,2
1,5,6
2,7,8

# names under an index, counting at their right: header 1 data 2-4
_,a,b,c
Ann,1,2,3
Bob,4,5,6
Cem,7,8,9

# counting before a text: header 1 data 2-4
k,v,k,w
1,2,3,x
8,9,10,y
4,4,4,z

# the same name twice: header 1 data 2-3
select,select,from,group by
1,2,3,4
8,9,10,11

# a blank name, and counting at both sides of texts: header 1 data 2-3
select,select,from,group by,Name,name,name ,_,a b,a-b,a_b
1,2,3,4,x,y,z,q,5,6,7
8,9,10,11,x,y,z,q,5,6,7

# years as names over counting: header 1 data 2-4
country,2019,2020,2021
DE,1,2,3
FR,4,5,6
IT,7,8,9

# years as names over years: header 1 data 2-4
country,2019,2020,2021
DE,1950,1990,2010
FR,400,500,600
IT,700,800,900

# no header, counting: header data 1-3
1,2,3
4,5,6
7,8,9

# no header, counting before a text: header data 1-3
1,2,3,x
8,9,10,y
4,4,4,z

# no header, two numbers like years: header data 1-4
1950,2010
3000,4000
5000,6000
700,20

# numbers like years in the middle: header 1 data 2-6
product,ordered,delivered
Lamp,500,480
Desk,1200,1100
Chair,1950,2010
Shelf,3000,2990
Sofa,750,700

# numbers like years in the middle, prices elsewhere: header 1 data 2-6
product,price,cost
Lamp,500.10,480
Desk,1200.5,1100
Chair,1950,2010
Shelf,3000,2990
Sofa,750,700

# numbers only, like years in the middle: header 1 data 2-6
from,to
100,200
300,400
1950,2010
3000,4000
5000,6000

# ids that reach the years: header 1 data 2-6
id,amount
1,100
2,250
3,1999
4,2000
5,120

# early like years: header 1 data 2-5
city,y2020,y2021
Bonn,500,600
Koeln,1980,2040
Aachen,3100,3200
Ulm,120,130

# a first row like years: header 1 data 2-6
product,ordered,delivered
Chair,1950,2010
Lamp,500,480
Desk,1200,1100
Shelf,3000,2990
Sofa,750,700

# a first row like neighbouring years: header 1 data 2-4
product,ordered,delivered
Chair,2019,2020
Lamp,500,480
Desk,1200,1100

# a first row like years under an index: header 1 data 2-4
_,ordered,delivered
Chair,1950,2010
Lamp,500,480
Desk,1200,1100

# a last row like years: header 1 data 2-4
product,ordered,delivered
Lamp,500,480
Desk,1200,1100
Chair,2019,2020

# rows like years after a blank row: header 1 data 2-6
product,ordered,delivered
Lamp,500,480
Desk,1200,1100
_
Chair,1950,2010
Sofa,750,700

# a counting row after a blank row: header 1 data 2-6
product,first,second,third
Lamp,500,480,5
Desk,1200,1100,8
_
Chair,1,2,3
Sofa,750,700,9

# years and halves: header 1 data 2-6
id,v
2092,2092.5
2093,2093.5
2094,2094.5
2095,2095.5
2096,2096.5

# halves that climb into years: header 1 data 2-7
id,v
1,1.5
2,2.5
2094,2094.5
2095,2095.5
3000,3000.5
3001,3001.5

# rows that climb past the years: header 1 data 2-6
name,a,b,c
k1,2096,2097,2098
k2,2097,2098,2099
k3,2098,2099,2100
k4,2099,2100,2101
k5,2100,2101,2102

# rows that climb into the years and out: header 1 data 2-7
name,a,b,c
k1,1500,1501,1502
k2,1898,1899,1900
k3,1950,1951,1953
k4,2300,2301,2302
k5,2301,2302,2303
k6,2302,2303,2304

# a column of years: header 1 data 2-5
year,sales,profit
2019,1950,2001
2020,2001,2050
2021,2040,2060
2022,3000,100

# from year to year: header 1 data 2-4
who,from,to
Ann,1999,2004
Bob,2001,2010
Cem,2003,2020

# days in the first row only: header 1 data 2-4
task,begin,end
Plan,2025-01-01,2025-02-01
Build,5,6
Ship,7,8

# ids from one: header 1 data 2-4
id,name
1,Ann
2,Bob
3,Cem

# numbered columns under names: header 1,2 data 3-5
No,Name,Price
1,2,3
1,Pen,10.5
2,Ink,20.5
3,Pad,7.5

# numbered columns under names, texts first: header 1,2 data 3-5
Name,Price,Stock,Unit
1,2,3,4
Pen,10.5,4,box
Ink,20.5,9,jar
Pad,7.5,12,box

# numbered columns in brackets: header 1,2 data 3-4
Year,Price,Stock
(1),(2),(3)
2020,10.5,4
2021,20.5,9

# numbered columns of an unnamed frame: header 1 data 2-4
0,1,2
Ann,31,Rome
Bob,44,Oslo
Cem,27,Graz

# numbered columns beside an index: header 1 data 2-3
_,0,1,2
0,8,7,9
1,5,4,6

# days of a month: header 1 data 2-4
Name,1,2,3,4,5
Ann,8,8,7.5,8,6
Bob,8,7,8,8,8
Cem,4,4,4,4,4

# days under weeks: header 1,2 data 3-4
_,Week 1,_,Week 2,_
Name,1,2,3,4
Ann,8,8,7.5,6
Bob,8,7,8,3

# years over numbers: header 1 data 2-3
Country,2011,2021
Austria,8375164,8932664
Belgium,11000638,11554767

# only years over numbers: header 1 data 2-3
2023,2024,2025
10.5,11.5,12.5
20.5,21.5,22.5

# years under groups: header 1,2 data 3-4
_,Sales,_,Cost,_
Region,2023,2024,2023,2024
North,10.5,11.5,4.5,5.5
South,20.5,21.5,8.5,9.5

# years under names with a blank corner: header 1,2 data 3-4
Region,Sales,Sales,Cost,Cost
_,2023,2024,2023,2024
North,10.5,11.5,4.5,5.5
South,20.5,21.5,8.5,9.5

# a second table of years after a blank row: header 1 data 2-3 header 5 data 6-7
Item,2023,2024
Rent,12000,12500
Fees,300,310
_
Cost,2023,2024
Repairs,900,1100
Insurance,450,460

# a second table of years after a total: header 1 data 2-3 header 5 data 6-7
Item,2023,2024
Rent,12000,12500
Fees,300,310
Total,12300,12810
Cost,2024,2025
Repairs,900,1100
Insurance,450,460

# the same years over other things: header 1 data 2-3 header 5 data 6-7
Item,2019,2020,2021,2022,2023
Rent,12000,12500,100,500,700
Fees,300,310,50,80,90
Total,12300,12810,150,580,790
Cost,2019,2020,2021,2022,2023
Repairs,900,1100,40,30,20
Insurance,450,460,12,800,5

# the header again with the years after: header 1 data 2-3 header 4 data 5-6
Item,2021,2022
Rent,12000,12500
Fees,300,310
Item,2023,2024
Rent,13000,13500
Fees,400,410
"""


@dataclass(frozen=True, slots=True)
class File:
    """A small table with its truth: one entry per table, header rows and the first and last row of data."""

    name: str
    grid: Grid
    truth: tuple[tuple[tuple[int, ...], int, int], ...]


def _read(text: str) -> File:
    head, *lines = text.strip().splitlines()
    name, _, said = head.partition(": ")
    tables = re.findall(r"header ([\d,]*) ?data (\d+)-(\d+)", said)
    truth = tuple((tuple(int(row) for row in rows.split(",") if row), int(first), int(last)) for rows, first, last in tables)
    return File(name, grid("\n".join(lines)), truth)


def grid(text: str) -> Grid:
    """Return lines of cells between commas as a tab."""
    rows: list[list[Cell]] = [[None if cell == "_" else cell for cell in line.split(",")] for line in text.splitlines()]
    return Grid("Tab", rows, 1, 1, is_hidden=False, evidence="")


def files() -> list[File]:
    """Return all files in the order they stand here."""
    return [_read(part) for part in re.split(r"^# ", FILES, flags=re.MULTILINE)[1:]]
