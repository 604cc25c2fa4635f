"""Words that rows and headers are recognised by, in twenty-four languages. Pure data."""

import re

_TOTALS = """
    total totals grand·total overall·total subtotal sub-total sub·total totals·overall sum overall average mean
    summe gesamt gesamtsumme gesamtergebnis zwischensumme insgesamt endsumme teilsumme teilergebnis durchschnitt mittelwert
    totaux total·général total·general sous-total sous·total somme ensemble moyenne
    suma suma·total total·parcial promedio
    totale totale·generale totale·complessivo totale·parziale subtotale somma media
    totaal eindtotaal subtotaal algemeen·totaal som gemiddelde
    total·geral soma total·parcial média
    razem suma·całkowita suma·częściowa suma·końcowa ogółem łącznie w·sumie średnia
    summa totalt totalsumma delsumma slutsumma medelvärde
    i·alt samlet subtotal·i·alt gennemsnit sum·totalt yhteensä välisumma keskiarvo
    celkem součet mezisoučet celkový·součet průměr spolu súčet összesen mindösszesen részösszeg átlag
    toplam ara·toplam genel·toplam ortalama σύνολο μερικό·σύνολο γενικό·σύνολο μέσος·όρος
    итого всего итог общий·итог подытог среднее разом усього всього
    合計 総計 小計 計 総合計 平均 合计 总计 小计 总和 总数 共计 總計 總和 平均值 합계 총계 소계 총합계 평균
"""
_TOTAL_WORDS = "|".join(re.escape(word).replace("·", r"\s+") for word in _TOTALS.split())
TOTAL = rf"(?i)[*=\s]*({_TOTAL_WORDS})(\s*\(.*\))?[\s:.*]*"
"""A label that says no more than that it is a total; for re and for DuckDB's regexp_full_match alike."""
_PROVEN = r"(overall\s+)?result|ergebnis|résultat|resultado|risultato|saldo|balance|carried\s+forward|übertrag|à\s+reporter"
TOTAL_OF = rf"(?i)({_PROVEN}|({_TOTAL_WORDS})\b.*|.*\s({_TOTAL_WORDS})[\s:]*|.*(合計|総計|小計|合计|总计|小计|總計|합계|소계))"
"""A label with such a word and more, such as `North total` and `Total 2024`; also `Total Wines`, so it needs proof."""

_NOTES = """
    source sources note notes remark remarks comment footnote disclaimer prepared·by as·of legend
    quelle quellen hinweis hinweise anmerkung anmerkungen bemerkung fußnote stand
    nota remarque remarques fuente fuentes notas fonte fonti bron opmerking opmerkingen źródło uwaga uwagi
    källa anm anmärkning 出典 出所 注 注記 備考 资料来源 來源 来源 备注 说明 注释
"""
_NOTE_WORDS = "|".join(re.escape(word).replace("·", r"\s+") for word in _NOTES.split())
NOTE = re.compile(rf"(?i)\s*(({_NOTE_WORDS})(\s+\d+)?\s*[:：.]|[*†‡※¹²³⁴]|\(\*+\)|\(?\d\)\s+\D)")  # noqa: RUF001  written so in people's texts
"""How a line under a table begins that explains it."""

PAGE = re.compile(
    r"(?i)[-–\s]*(page|p\.|pg\.?|seite|s\.|blatt|pagina|página|pág\.?|strona|str\.|sida|side|sivu|страница|стр\.?|лист|第)\s*\d+"  # noqa: RUF001  written so in people's texts
    r"(\s*(/|of|von|sur|de|di|van|z|ze|av|af|из|,)\s*\d+)?\s*(页|頁|ページ)?[-–\s]*|[-–]\s*\d+\s*[-–]"  # noqa: RUF001  written so in people's texts
)
"""What a printer writes at the foot or head of a page."""

_VALUE = """
    value values wert werte valeur valeurs valor valores valore valori waarde wartość värde værdi hodnota érték değer значение
    值 値 content inhalt contenu setting
"""
VALUE_WORDS = frozenset(_VALUE.split())
"""How the second column of a list of names and values is called."""

_MONTHS = """
    jan january januar jänner janvier janv enero ene gennaio gen januari janeiro sty styczeń
    feb february februar février févr fevr fév febrero febbraio februari fevereiro fev lut luty
    mar march märz mär mrz mars marzo maart mrt março marzec
    apr april avril avr abril abr aprile kwi kwiecień
    may mai mayo maggio mag mei maio maj
    jun june juni juin junio giugno giu junho cze czerwiec
    jul july juli juillet juil julio luglio lug julho lip lipiec
    aug august août aout agosto ago augustus augusti sie sierpień
    sep sept september septembre septiembre settembre set setembro wrz wrzesień
    oct october okt oktober octobre octubre ottobre ott oktober outubro out paź październik
    nov november novembre noviembre novembro lis listopad
    dec december dez dezember décembre déc diciembre dic dicembre dezembro gru grudzień
"""
MONTHS = {word: number for number, line in enumerate(_MONTHS.strip().splitlines(), 1) for word in line.split()}
