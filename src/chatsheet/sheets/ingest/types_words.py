"""The words of columns: what stands for nothing, for yes and no, for months, and what headers call identifiers and dates."""

import re

from chatsheet.sheets.ingest.types_model import SPACES


def listed(text: str, separator: str | None = None) -> tuple[str, ...]:
    """Return the words of a list written as one text."""
    return tuple(text.split(separator))


# A marker in any column; `na`, `none` and the like may be real texts, so they count only among values of another type.
_MARKERS = "n/a|#n/a|#nv|#n/d|#n/b|null|(null)|<null>|\\n|-|--|---|\u2013|\u2014|k. a.|k.a.|keine angabe|n.a.|n. a.|s/d"
_MARKERS_AMONG_VALUES = "na|nan|none|nil|nd|n.d.|.|..|...|?|(blank)|(leer)|not available|not applicable|#null"
MARKERS = frozenset(listed(_MARKERS, "|"))
MARKERS_AMONG_VALUES = MARKERS | frozenset(listed(_MARKERS_AMONG_VALUES, "|"))
ERROR = re.compile(r"#[A-ZÀ-Ý¡0-9/_]+[!?]")
"""A spreadsheet's error value: #DIV/0!, #BEZUG!, #¿NOMBRE?."""

YES = frozenset(listed("true|yes|wahr|ja|vrai|oui|verdadero|sí|si|vero|sì|waar|verdadeiro|sim|x|✓|✔|☑|on", "|"))
NO = frozenset(listed("false|no|falsch|nein|faux|non|falso|onwaar|nee|não|nao|✗|✘|☐|off", "|"))
LETTERS = (("y", "n"), ("t", "f"), ("j", "n"), ("o", "n"), ("s", "n"), ("v", "f"))
"""Single letters mean yes and no only where both stand in the column."""

_MONTHS = (
    "january januar janvier enero gennaio januari janeiro jan janv ene gen jän jänner",
    "february februar février fevrier febrero febbraio februari fevereiro feb févr fév fevr fev",
    "march märz maerz mars marzo maart março marco mar mär mrz mrt",
    "april avril abril aprile apr avr abr",
    "may mai mayo maggio mei maio mag",
    "june juni juin junio giugno junho jun giu",
    "july juli juillet julio luglio julho jul juil lug",
    "august août aout agosto augustus aug aoû ago",
    "september septembre septiembre settembre setembro sep sept set",
    "october oktober octobre octubre ottobre outubro oct okt ott out",
    "november novembre noviembre novembro nov",
    "december dezember décembre decembre diciembre dicembre dezembro dec dez déc dic",
)
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
"""Names and short names in English, German, French, Spanish, Italian, Dutch and Portuguese."""

_CODES = (
    "zip|zipcode|plz|postleitzahl|postcode|postal|postale|postal code|code postal|cap|phone|telephone|tel|telefon|"
    "telefono|téléphone|mobile|fax|handy|iban|bic|ean|gtin|upc|isbn|issn|vin|imei|ssn|siret|siren|sku|konto|kontonummer|account|barcode|card"
)
_DATES = (
    "date|dates|datum|fecha|data|dato|day|tag|jour|dob|birthday|birthdate|geburtstag|geburtsdatum|rechnungsdatum|bestelldatum|"
    "lieferdatum|buchungsdatum|timestamp|created|updated"
)
_AMOUNTS = (
    "amount|amounts|sales|revenue|revenues|turnover|income|profit|loss|ebit|ebitda|earnings|cost|costs|expense|expenses|spend|budget|"
    "price|salary|fee|fees|assets|liabilities|debt|equity|cash|cashflow|valuation|funding|capital|gdp|tax|taxes|investment|"
    "betrag|umsatz|umsätze|erlös|erlöse|ertrag|erträge|gewinn|verlust|kosten|aufwand|aufwendungen|preis|gehalt|vermögen|schulden|"
    "montant|ventes|revenus|bénéfice|coût|coûts|charges|prix|salaire|actifs|importe|ventas|ingresos|beneficio|coste|costes|costo|"
    "costos|gastos|precio|salario|activos|importo|ricavi|vendite|utile|costi|prezzo|bedrag|omzet|winst|prijs|valor|vendas|receita|"
    "lucro|custos|preço|population|einwohner|views|followers|downloads|subscribers"
)
_FLAGS = "is|has|was|flag|can|should|ist|hat|active|enabled"


def words(label: str) -> tuple[str, ...]:
    """Return the words of a header in small letters: `orderDate`, `order_date` and `Order date` alike."""
    return tuple(re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label).casefold()))


def names_code(label: str) -> bool:
    """Tell whether a header names codes that only look like numbers."""
    return any(word in _CODES.split("|") for word in words(label))


def names_date(label: str) -> bool:
    """Tell whether a header names a date; compounds such as Eingangsdatum count."""
    return any(word in _DATES.split("|") or word.endswith("datum") for word in words(label))


def names_amount(label: str) -> bool:
    """Tell whether a header names an amount, mostly of money, that people write in thousands and millions."""
    return any(word in _AMOUNTS.split("|") for word in words(label))


def names_flag(label: str) -> bool:
    """Tell whether a header asks yes or no."""
    return label.rstrip(SPACES).endswith("?") or any(word in _FLAGS.split("|") for word in words(label)[:1])


def is_marker(text: str, *, among_values: bool = True) -> bool:
    """Tell whether a text says that there is no value."""
    return text.casefold() in (MARKERS_AMONG_VALUES if among_values else MARKERS)
