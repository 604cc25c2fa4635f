"""The words that tell what a number of an answer is: synonyms of four languages, falls and rises, words that mean nothing."""


def groups(lines: str) -> tuple[tuple[str, ...], ...]:
    """Return the words of each line; an indented line goes on with the one before."""
    return tuple(tuple(line.split()) for line in lines.strip().replace("\n    ", " ").splitlines())


def listed(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


SAME = groups("""
january januar jänner janvier enero jan janv ene
february februar février febrero feb févr
march märz mars marzo mar mrz
april avril abril apr avr abr
may mai mayo
june juni juin junio jun
july juli juillet julio jul juil
august août agosto aug ago
september septembre septiembre sep sept
october oktober octobre octubre oct okt
november novembre noviembre nov
december dezember décembre diciembre dec dez déc dic
monday montag lundi lunes
tuesday dienstag mardi martes
wednesday mittwoch mercredi miércoles
thursday donnerstag jeudi jueves
friday freitag vendredi viernes
saturday samstag sonnabend samedi sábado
sunday sonntag dimanche domingo
yes ja oui sí
no nein non
line linie ligne línea
group gruppe groupe grupo
class klasse classe clase
level stufe niveau nivel
branch filiale succursale sucursal
zone zona
room raum zimmer salle
plant werk usine
site standort
""")
"""Months, days, yes and no, common kinds: a label in one language is named in another."""

PLACES = groups("""
north nord norden norte
south süd süden sud sur
east ost osten est este
west westen ouest oeste
germany deutschland allemagne alemania
austria österreich autriche
switzerland schweiz suisse suiza
france frankreich francia
italy italien italie italia
spain spanien espagne españa
netherlands niederlande niederlanden pays-bas holanda
belgium belgien belgique bélgica
denmark dänemark danemark dinamarca
sweden schweden suède suecia
norway norwegen norvège noruega
finland finnland finlande finlandia
poland polen pologne polonia
greece griechenland grèce grecia
turkey türkei turquie turquía
ireland irland irlande irlanda
hungary ungarn hongrie hungría
romania rumänien roumanie rumanía
ukraine ucrania
russia russland russie rusia
china chine
japan japon japón
india indien inde
canada kanada canadá
mexico mexiko mexique méxico
brazil brasilien brésil brasil
argentina argentinien argentine
egypt ägypten égypte egipto
morocco marokko maroc marruecos
kenya kenia
australia australien australie
europe europa
africa afrika afrique áfrica
asia asien asie
america amerika amérique américa
""")
"""Directions and countries, likewise; they are names all the same."""

QUARTERS = groups("""
first erste ersten erstes 1st premier primer
second zweite zweiten zweites 2nd deuxième segundo
third dritte dritten drittes 3rd troisième tercer
fourth vierte vierten viertes 4th quatrième cuarto
""")

CONCEPTS = groups("""
revenue umsatz umsätze erlös erlöse sales sale turnover verkäufe verkauf chiffre affaires vente ventes ingreso
    ingresos venta ventas facturación einnahmen income
cost kosten ausgaben expense expenses spend spending aufwand coût coûts dépense dépenses coste costes costo gasto
    gastos
profit gewinn ertrag überschuss bénéfice bénéfices beneficio ganancia earnings
margin marge margen
order bestellung auftrag aufträge commande pedido
customer kunde kunden client cliente clientes clients buyer käufer
employee mitarbeiter beschäftigte staff personal employé empleado headcount people persons personen personnes personas
    leute
product produkt artikel produit producto item
region gebiet région región
country land länder pays país
city stadt städte ville ciudad
store filiale laden läden shop magasin tienda
department abteilung département departamento
category kategorie catégorie categoría
supplier lieferant fournisseur proveedor vendor
invoice rechnung facture factura
price preis prix precio
quantity menge stückzahl qty units unit einheit einheiten stück quantité cantidad pieces unidades unités
    pièces articles
discount rabatt remise descuento
salary gehalt gehälter salaire salario wage lohn
target ziel soll budget plan objectif objetivo
tax steuer impôt impuesto
return returns retoure rückgabe retour devolución
stock bestand lager inventory inventar existencias left
age alter âge edad
day days tag tage tagen jour jours día días
month monat monate mois mes meses
week woche semaine semana
year jahr jahre an année años año
hour hours stunde heure hora stunden heures horas
share anteil quote part proportion porcentaje cuota ratio pct percent percentage prozent prozentsatz prozentwert rate
growth wachstum change veränderung änderung zuwachs croissance crecimiento variación increase delta diff difference
    differenz unterschied
average avg mean durchschnitt durchschnittlich durchschnittliche durchschnittlicher durchschnittliches schnitt mittel
    mittelwert moyenne moyen promedio medio media
median médiane mediana
minimum min
maximum max
row rows zeile zeilen ligne lignes fila filas record records datensatz datensätze entry entries eintrag einträge
    einträgen
result results ergebnis ergebnisse résultats resultados
transaction transaktion payment zahlung
booking bookings buchung buchungen réservation réservations reservation reservations reservierung reserva reservas
duration term laufzeit dauer durée plazo tenure délai
weight gewicht poids peso weighs weigh weighing wiegt wiegen pèse pesa
rating rated bewertung bewertet note noté puntuación score
temperature temperatures temp temperatur temperaturen température températures temperatura
name namen nom nombre
date datum fecha
status zustand statut estado
channel kanal canal
visit besuch visite visita visits
ticket tickets anfrage anfragen
project projekt projet proyecto
deal deals abschluss abschlüsse
shipment lieferung lieferungen sendung sendungen livraison envío parcel parcels delivery deliveries paket pakete
""")
"""Common words of tables; those of a line mean the same."""

SMALL = listed("""
the a an of in on at for by from to and or is are was were be been has have had it its this that these those with as
than der die das den dem des ein eine einen einem einer und oder ist sind war waren im am um von vom zu zum zur mit für
auf aus bei als es sie er hat haben hatte wurde wurden le la les un une des du de et ou est sont était en au aux pour
par sur avec dans el los las y o es son fue del con para que se al por there which who only just about both all per je
pro each its total sum summe gesamt overall together insgesamt zusammen altogether
""")
"""Words that name nothing."""

NO_NOUNS = listed("""
more less higher lower compared each overall total while last this next respectively only better worse ago together so
which was is followed ahead behind times percent points came were are with versus vs then also here now up
down right still already combined across fewer mehr weniger höher niedriger als gegenüber verglichen mal insgesamt
zusammen jeweils gesamt plus minus moins fois respectivement más veces million millions thousand billion euro euros
dollars eur usd chf above below under per pro par por out during before after since until through because if when where
what compare against worth beyond among between like via due despite gegen bis seit durch ohne um nach vor über unter
zwischen an dabei davon contre sous entre chez contra sobre desde hasta made earned brought sold had has make makes see
shown listed found missing most least not took takes take
""")
"""Words behind a number that end what it counts."""

FALLS = listed("""
fell fall drop dropped decline declined declining decrease decreased down lost loss losses lower less below shrank minus
negative deficit short shortfall behind reduced reduction sank gesunken sank fiel rückgang gefallen verlust verluste
weniger niedriger unter minus verringert abgenommen baisse baissé perte pertes moins diminué recul reculé cayó caída
pérdida pérdidas menos disminuyó bajó rückläufig negativ schrumpfte zurückgegangen zurück overspent overrun
überschritten überzogen
""")

RISES = listed("""
rose rise risen grew grown gain gained increase increased increasing up higher more growth gestiegen stieg zuwachs
gewachsen wuchs mehr höher plus hausse augmenté augmentation subió aumentó aumento creció
""")

LOSSES = listed("""
loss losses deficit verlust verluste fehlbetrag perte pertes déficit pérdida pérdidas
""")

LOWEST = listed("""
lowest smallest least fewest minimum cheapest niedrigste kleinste geringste wenigsten
""")
HIGHEST = listed("""
highest largest most biggest maximum höchste höchsten größte größten meisten
""")

AMOUNTS = listed("""
revenue cost profit margin price quantity discount salary target tax growth weight rating age hour
""")
"""Concepts that are amounts: one is never another."""
THINGS = listed("""
order customer employee product region country city store department category supplier invoice return transaction visit
ticket project deal stock day month week year row result
""")
"""Concepts that are counted."""

MEASURES = listed(
    """
second seconds sekunden secondes segundos minute minutes minuten minutos hour hours stunde stunden heures horas day days tag
tage tagen jour jours días week weeks wochen semaines semanas month months monate monaten mois meses year years jahre jahren
ans années años night nights nächte nuits noches point points punkte punkten puntos star stars sterne étoiles litre litres
liter liters litros kilometre kilometres kilometer kilometers kilómetros mile miles meter metre metres kilo kilos kilogram
tonne tonnes tonnen degree degrees grad degrés grados
""".replace("ä", "a")
    .replace("é", "e")
    .replace("í", "i")
    .replace("ñ", "n")
    .replace("ó", "o")
)
"""Units written as words, folded: what a number with decimals measures in."""

COUNTED = groups("""
zero _ two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
    twenty
null _ zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn
    zwanzig
_ _ deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf vingt
cero _ dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve
    veinte
""")
"""Number words from zero on; one is an article."""
