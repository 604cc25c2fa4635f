"""Results of libraries, schools, garages, fields and theatres that the later blind sets of answers are written over."""

from tests.chat.blind_results import Rows, table

TABLES = (
    table("checkouts", 5210, "branch genre member days_out:integer fine:decimal:eur taken_on:date status"),
    table("lessons", 117, "teacher subject room weekday minutes:integer pupils:integer is_cancelled"),
    table("parking", 18433, "garage entered:date hours:decimal paid:decimal:chf permit"),
    table("harvest", 18, "field crop year:integer hectares:decimal:ha tonnes:decimal:t income:decimal:eur"),
    table("beds", 52, "hospital ward beds:integer occupancy:decimal:percent"),
    table("stays_at", 6401, "hospital kind admitted:date nights:integer age:integer"),
    table("exhibits", 815, "exhibition day:date visitors:integer income:decimal:gbp"),
    table("bakery", 2190, "bread loaves:integer takings:decimal:eur price:decimal:eur baked_on:date"),
    table("readers_of", 36, "year:integer subscribers:integer churn:decimal:percent"),
    table("articles", 940, "author desk words:integer written_on:date"),
    table("river", 8760, "measured_on:date level:decimal season is_flood"),
    table("tickets_sold", 7904, "play hall channel seats:integer price:decimal:gbp sold_on:date"),
)
PLAIN = frozenset({"fields"})
RESULTS: dict[str, tuple[str, Rows, int]] = {
    "branches": (
        (
            "SELECT branch, count(*) AS checkouts, count(DISTINCT member) AS members, sum(fine) AS fines, "
            "avg(days_out) AS avg_days FROM checkouts GROUP BY branch ORDER BY checkouts DESC"
        ),
        [
            ("Riverside", 2120, 701, 2029.7, 19.285377),
            ("Hilltop", 1315, 617, 1477.2, 19.552852),
            ("Old Town", 1108, 569, 1334.2, 20.232852),
            ("Harbour", 667, 444, 739.7, 20.224888),
        ],
        5210,
    ),
    "overdue_rate": (
        (
            "SELECT branch, count(*) FILTER (WHERE status = 'overdue') AS overdue, count(*) FILTER (WHERE "
            "status = 'overdue') / count(*) AS overdue_share FROM checkouts GROUP BY branch ORDER BY "
            "overdue_share DESC"
        ),
        [("Old Town", 129, 0.116426), ("Harbour", 72, 0.107946), ("Hilltop", 133, 0.101141), ("Riverside", 188, 0.088679)],
        5210,
    ),
    "genres": (
        (
            "SELECT genre, count(*) AS checkouts, 100.0 * count(*) / sum(count(*)) OVER () AS pct FROM "
            "checkouts GROUP BY genre ORDER BY 2 DESC"
        ),
        [
            ("Children", 1798, 34.510557),
            ("Crime", 1552, 29.788868),
            ("Travel", 882, 16.928983),
            ("Science", 691, 13.262956),
            ("Poetry", 287, 5.508637),
        ],
        5210,
    ),
    "lost": (
        ("SELECT count(*) AS n, sum(fine) AS fines FROM checkouts WHERE status = 'lost'"),
        [(96, 2390.4)],
        96,
    ),
    "lost_and_late": (
        (
            "SELECT count(*) FILTER (WHERE status = 'lost') AS a, count(*) FILTER (WHERE status = "
            "'overdue') AS b, count(*) AS c FROM checkouts"
        ),
        [(96, 522, 5210)],
        5210,
    ),
    "half_years": (
        ("SELECT year(taken_on) AS year, count(*) AS checkouts, sum(fine) AS fines FROM checkouts GROUP BY 1 ORDER BY 1"),
        [(2023, 2610, 2673.2), (2024, 2600, 2907.6)],
        5210,
    ),
    "riverside_months": (
        (
            "SELECT date_trunc('month', taken_on) AS month, count(*) AS checkouts FROM checkouts WHERE "
            "branch = 'Riverside' AND year(taken_on) = 2024 GROUP BY 1 ORDER BY 1 LIMIT 6"
        ),
        [
            ("2024-01-01", 74),
            ("2024-02-01", 72),
            ("2024-03-01", 101),
            ("2024-04-01", 93),
            ("2024-05-01", 82),
            ("2024-06-01", 95),
        ],
        1044,
    ),
    "teachers": (
        (
            "SELECT teacher, subject, count(*) AS lessons, sum(minutes) / 60.0 AS hours, avg(pupils) AS "
            "avg_pupils FROM lessons GROUP BY ALL ORDER BY lessons DESC"
        ),
        [
            ("Mrs Tanaka", "Geography", 27, 28.5, 21.62963),
            ("Ms Weiss", "Sport", 27, 25.5, 19.925926),
            ("Mr Lindqvist", "Music", 26, 24.0, 21.423077),
            ("Ms Okafor", "Biology", 23, 21.0, 21.826087),
            ("Mr Duarte", "Chemistry", 14, 15.0, 22.428571),
        ],
        117,
    ),
    "cancelled_lessons": (
        (
            "SELECT weekday, count(*) AS lessons, sum(CASE WHEN is_cancelled = 'yes' THEN 1 ELSE 0 END) AS "
            "dropped FROM lessons GROUP BY weekday ORDER BY lessons DESC"
        ),
        [("Monday", 28, 1), ("Tuesday", 27, 3), ("Wednesday", 24, 3), ("Thursday", 20, 5), ("Friday", 18, 3)],
        117,
    ),
    "garages": (
        (
            "SELECT garage, count(*) AS stays, sum(paid) AS takings, avg(hours) AS avg_hours, max(hours) AS "
            "longest FROM parking GROUP BY garage ORDER BY takings DESC"
        ),
        [
            ("Bahnhof", 9600, 110231.02, 3.189542, 28.31),
            ("Messe", 5712, 45114.64, 3.159266, 26.99),
            ("Altstadt", 3121, 44410.81, 3.234015, 25.01),
        ],
        18433,
    ),
    "takings": (
        (
            "SELECT sum(paid) AS takings, count(*) AS stays, median(hours) AS median_hours FROM parking "
            "WHERE year(entered) = 2024"
        ),
        [(199756.47, 18433, 2.23)],
        18433,
    ),
    "residents": (
        ("SELECT permit, count(*) AS stays, avg(paid) AS avg_paid FROM parking WHERE garage = 'Messe' GROUP BY permit"),
        [("resident", 982, 7.797729), ("visitor", 4730, 7.919085)],
        5712,
    ),
    "fields": (
        ("SELECT field, crop, hectares, tonnes, income FROM harvest WHERE year = 2023 ORDER BY tonnes DESC"),
        [
            ("Am Hang", "Raps", 22.0, 117.1, 37548.04),
            ("Nordacker", "Raps", 14.2, 112.5, 48605.42),
            ("Talgrund", "Raps", 11.3, 65.5, 21214.81),
            ("Seewiese", "Weizen", 8.75, 53.3, 18403.05),
            ("Mühlfeld", "Gerste", 5.6, 24.4, 8117.0),
            ("Birkenau", "Raps", 3.9, 14.5, 5755.24),
        ],
        6,
    ),
    "yields": (
        (
            "SELECT year, sum(tonnes) AS tonnes, sum(tonnes) / sum(hectares) AS tonnes_per_hectare, "
            "sum(income) AS income FROM harvest GROUP BY year ORDER BY year"
        ),
        [(2021, 398.3, 6.057795, 159055.81), (2022, 419.1, 6.374144, 119935.13), (2023, 387.3, 5.890494, 139643.56)],
        18,
    ),
    "yield_change": (
        (
            "WITH y AS (SELECT field, sum(tonnes) FILTER (WHERE year = 2022) AS tonnes_2022, sum(tonnes) "
            "FILTER (WHERE year = 2023) AS tonnes_2023 FROM harvest GROUP BY field) SELECT field, "
            "tonnes_2022, tonnes_2023, tonnes_2023 - tonnes_2022 AS difference, tonnes_2023 / tonnes_2022 "
            "AS ratio FROM y ORDER BY difference DESC"
        ),
        [
            ("Talgrund", 36.6, 65.5, 28.9, 1.789617),
            ("Nordacker", 85.3, 112.5, 27.2, 1.318875),
            ("Mühlfeld", 19.4, 24.4, 5.0, 1.257732),
            ("Birkenau", 22.6, 14.5, -8.1, 0.641593),
            ("Seewiese", 69.9, 53.3, -16.6, 0.762518),
            ("Am Hang", 185.3, 117.1, -68.2, 0.631948),
        ],
        18,
    ),
    "plays": (
        (
            "SELECT play, sum(seats) AS seats, sum(seats * price) AS income, avg(price) AS avg_price, "
            "sum(seats * price) / (SELECT sum(seats * price) FROM tickets_sold) AS share FROM tickets_sold "
            "GROUP BY play ORDER BY income DESC"
        ),
        [
            ("Cats", 9664, 520955.33, 53.844492, 0.349585),
            ("Carmen", 7225, 387380.52, 53.505803, 0.25995),
            ("Hamlet", 5916, 324564.84, 54.959592, 0.217798),
            ("Macbeth", 4749, 257310.07, 53.882493, 0.172667),
        ],
        7904,
    ),
    "channels": (
        (
            "SELECT channel, count(*) AS orders, count(*) * 100.0 / (SELECT count(*) FROM tickets_sold) AS "
            "percent FROM tickets_sold GROUP BY channel ORDER BY orders DESC"
        ),
        [("web", 4718, 59.691296), ("box office", 2353, 29.769737), ("phone", 833, 10.538968)],
        7904,
    ),
    "seasons": (
        (
            "SELECT date_trunc('quarter', sold_on) AS quarter, sum(seats) AS seats, sum(seats * price) AS "
            "income FROM tickets_sold GROUP BY 1 ORDER BY 1"
        ),
        [
            ("2024-07-01", 2934, 155661.19),
            ("2024-10-01", 9492, 515445.14),
            ("2025-01-01", 8993, 486650.32),
            ("2025-04-01", 6135, 332454.11),
        ],
        7904,
    ),
    "halls": (
        ("SELECT hall, sum(seats) AS seats FROM tickets_sold WHERE play = 'Carmen' GROUP BY hall"),
        [("Grand Hall", 5611), ("Studio", 1614)],
        2054,
    ),
    "hospitals": (
        (
            "SELECT hospital, sum(beds) AS beds, avg(occupancy) AS avg_occupancy, count(*) AS wards FROM beds "
            "GROUP BY hospital ORDER BY hospital"
        ),
        [("St. Anna", 412, 0.8731, 18), ("Westklinik", 655, 0.91402, 27), ("Kinderspital", 148, 0.6418, 7)],
        52,
    ),
    "admissions": (
        (
            "SELECT date_trunc('month', admitted) AS month, count(*) AS admissions, avg(nights) AS avg_nights FROM stays_at "
            "WHERE hospital = 'Westklinik' AND year(admitted) = 2025 GROUP BY 1 ORDER BY 1"
        ),
        [
            ("2025-01-01", 502, 4.613546),
            ("2025-02-01", 471, 4.898089),
            ("2025-03-01", 538, 5.204461),
            ("2025-04-01", 519, 4.4),
        ],
        2030,
    ),
    "emergency": (
        (
            "SELECT count(*) FILTER (WHERE kind = 'emergency') AS emergencies, count(*) FILTER (WHERE kind = 'planned') AS "
            "planned, count(*) AS total FROM stays_at"
        ),
        [(2314, 4087, 6401)],
        6401,
    ),
    "museum": (
        (
            "SELECT exhibition, sum(visitors) AS visitors, sum(income) AS income, max(day) AS last_day FROM exhibits "
            "GROUP BY exhibition ORDER BY visitors DESC LIMIT 3"
        ),
        [
            ("Impressionists", 48210, 602625.5, "2025-06-30"),
            ("Dinosaurs", 39977, 319816.0, "2025-09-14"),
            ("Glass", 8105, 56735.0, "2025-03-02"),
        ],
        815,
    ),
    "ages": (
        "SELECT min(age) AS youngest, avg(age) AS avg_age, max(age) AS oldest FROM stays_at",
        [(0, 47.312, 101)],
        6401,
    ),
    "breads": (
        (
            "SELECT bread, sum(loaves) AS loaves, sum(takings) AS takings, avg(price) AS avg_price FROM bakery "
            "GROUP BY bread ORDER BY loaves DESC"
        ),
        [("Rye", 12480, 56160.0, 4.5), ("Baguette", 9315, 17698.5, 1.9), ("Pretzel", 4004, 4804.8, 1.2)],
        2190,
    ),
    "readers": (
        "SELECT year, max(subscribers) AS subscribers, avg(churn) AS churn FROM readers_of GROUP BY year ORDER BY year",
        [(2022, 31020, 0.0418), (2023, 33870, 0.0391), (2024, 35411, 0.0507)],
        36,
    ),
    "north_articles": (
        (
            "SELECT author, count(*) AS articles, avg(words) AS avg_words FROM articles WHERE desk = 'North' "
            "GROUP BY author ORDER BY articles DESC LIMIT 2"
        ),
        [("Elena", 212, 845.2), ("Tomás", 187, 1019.6)],
        610,
    ),
    "water": (
        "SELECT max(level) AS highest, avg(level) AS avg_level, min(level) AS lowest FROM river",
        [(7.84, 2.3017, 0.41)],
        8760,
    ),
    "floods": (
        (
            "SELECT sum(CASE WHEN is_flood = 'yes' THEN 1 ELSE 0 END) AS floods, "
            "sum(CASE WHEN is_flood = 'yes' AND season = 'spring' THEN 1 ELSE 0 END) AS spring_floods FROM river"
        ),
        [(14, 9)],
        8760,
    ),
}
