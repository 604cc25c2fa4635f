"""What tables say in eleven languages: labels, keys, months, totals, titles and footers of the corpus."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words; `labels` are for number, money, count, date, text and code columns, in this order."""

    key: str
    labels: tuple[str, ...]
    keys: tuple[str, ...]
    months: tuple[str, ...]
    totals: tuple[str, ...]
    subtotal: str
    titles: tuple[str, ...]
    footers: tuple[str, ...]
    groups: tuple[str, ...]
    texts: tuple[str, ...]


def _words(line: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in line.split("|"))


def _language(*lines: str) -> Words:
    key, labels, keys, months, totals, subtotal, titles, footers, groups, texts = lines
    return Words(
        key.strip(), _words(labels), _words(keys), _words(months), _words(totals), subtotal, _words(titles), _words(footers),
        _words(groups), _words(texts),
    )  # fmt: skip


WORDS: dict[str, Words] = {
    "en": _language(
        "Product", "Weight|Revenue|Units|Shipped|Category|Code", "Apple|Pear|Plum|Fig|Grape|Melon|Quince|Lemon|Lime|Kiwi",
        "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec", "Total|Grand total|TOTAL", "Subtotal",
        "Sales report 2025|in thousands of EUR", "Source: annual accounts|* preliminary",
        "North|South|East|West|Centre", "fresh|dried|frozen",
    ),
    "de": _language(
        "Produkt",
        "Gewicht|Umsatz|Menge|Versand|Kategorie|Kürzel",
        "Apfel|Birne|Pflaume|Feige|Traube|Melone|Quitte|Zitrone|Kirsche|Nuss",
        "Jan|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez", "Summe|Gesamt|Gesamtsumme|Insgesamt", "Zwischensumme",
        "Umsatzbericht 2025|in Tausend EUR", "Quelle: Jahresabschluss|* vorläufig",
        "Nord|Süd|Ost|West|Mitte", "frisch|getrocknet|gefroren",
    ),
    "fr": _language(
        "Produit",
        "Poids|Chiffre d'affaires|Quantité|Expédié|Catégorie|Réf",
        "Pomme|Poire|Prune|Figue|Raisin|Melon|Coing|Citron|Cerise|Noix",
        "janv.|févr.|mars|avr.|mai|juin|juil.|août|sept.|oct.|nov.|déc.", "Total|Total général|Somme", "Sous-total",
        "Rapport des ventes 2025|en milliers d'euros", "Source : comptes annuels|* provisoire",
        "Nord|Sud|Est|Ouest|Centre", "frais|sec|congelé",
    ),
    "es": _language(
        "Producto",
        "Peso|Ingresos|Cantidad|Enviado|Categoría|Código",
        "Manzana|Pera|Ciruela|Higo|Uva|Melón|Membrillo|Limón|Cereza|Nuez",
        "ene|feb|mar|abr|may|jun|jul|ago|sep|oct|nov|dic", "Total|Total general|Suma", "Subtotal",
        "Informe de ventas 2025|en miles de euros", "Fuente: cuentas anuales|* provisional",
        "Norte|Sur|Este|Oeste|Centro", "fresco|seco|congelado",
    ),
    "it": _language(
        "Prodotto",
        "Peso|Ricavi|Quantità|Spedito|Categoria|Codice",
        "Mela|Pera|Prugna|Fico|Uva|Melone|Cotogna|Limone|Ciliegia|Noce",
        "gen|feb|mar|apr|mag|giu|lug|ago|set|ott|nov|dic", "Totale|Totale generale|Somma", "Totale parziale",
        "Rapporto vendite 2025|in migliaia di euro", "Fonte: bilancio annuale|* provvisorio",
        "Nord|Sud|Est|Ovest|Centro", "fresco|secco|surgelato",
    ),
    "nl": _language(
        "Artikel",
        "Gewicht|Omzet|Aantal|Verzonden|Categorie|Kenmerk",
        "Appel|Peer|Pruim|Vijg|Druif|Meloen|Kwee|Citroen|Kers|Noot",
        "jan|feb|mrt|apr|mei|jun|jul|aug|sep|okt|nov|dec", "Totaal|Eindtotaal|Som", "Subtotaal",
        "Verkoopverslag 2025|in duizenden euro's", "Bron: jaarrekening|* voorlopig",
        "Noord|Zuid|Oost|West|Midden", "vers|gedroogd|bevroren",
    ),
    "pt": _language(
        "Produto",
        "Peso|Receita|Quantidade|Enviado|Categoria|Código",
        "Maçã|Pera|Ameixa|Figo|Uva|Melão|Marmelo|Limão|Cereja|Noz",
        "jan|fev|mar|abr|mai|jun|jul|ago|set|out|nov|dez", "Total|Total geral|Soma", "Subtotal",
        "Relatório de vendas 2025|em milhares de euros", "Fonte: contas anuais|* provisório",
        "Norte|Sul|Leste|Oeste|Centro", "fresco|seco|congelado",
    ),
    "pl": _language(
        "Towar",
        "Waga|Przychód|Ilość|Wysłano|Kategoria|Kod",
        "Jabłko|Gruszka|Śliwka|Figa|Winogrono|Melon|Pigwa|Cytryna|Wiśnia|Orzech",
        "sty|lut|mar|kwi|maj|cze|lip|sie|wrz|paź|lis|gru", "Razem|Suma|Ogółem|Łącznie", "Suma częściowa",
        "Raport sprzedaży 2025|w tysiącach EUR", "Źródło: sprawozdanie roczne|* wstępne",
        "Północ|Południe|Wschód|Zachód|Centrum", "świeże|suszone|mrożone",
    ),
    "sv": _language(
        "Vara",
        "Vikt|Omsättning|Antal|Skickat|Kategori|Kod",
        "Äpple|Päron|Plommon|Fikon|Druva|Melon|Kvitten|Citron|Körsbär|Nöt",
        "jan|feb|mar|apr|maj|jun|jul|aug|sep|okt|nov|dec", "Summa|Totalt|Totalsumma", "Delsumma",
        "Försäljningsrapport 2025|i tusental EUR", "Källa: årsredovisning|* preliminär",
        "Norr|Söder|Öster|Väster|Mitten", "färsk|torkad|fryst",
    ),
    "ja": _language(
        "商品",
        "重量|売上|数量|出荷日|分類|コード",
        "りんご|なし|すもも|いちじく|ぶどう|メロン|かりん|レモン|さくらんぼ|くるみ",
        "1月|2月|3月|4月|5月|6月|7月|8月|9月|10月|11月|12月", "合計|総計|計", "小計",
        "2025年売上報告|単位:千円", "出典:年次決算|※速報値",
        "北|南|東|西|中央", "生|乾燥|冷凍",
    ),
    "zh": _language(
        "产品", "重量|收入|数量|发货日期|类别|编号", "苹果|梨|李子|无花果|葡萄|甜瓜|木瓜|柠檬|樱桃|核桃",
        "1月|2月|3月|4月|5月|6月|7月|8月|9月|10月|11月|12月", "合计|总计|总和", "小计",
        "2025年销售报告|单位:千元", "来源:年度报表|* 初步数据",
        "北方|南方|东方|西方|中部", "新鲜|干|冷冻",
    ),
}  # fmt: skip
