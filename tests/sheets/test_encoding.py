"""A text without a mark is read in the encoding that its words are written in, and one with a mark by its mark."""

# ruff: noqa: RUF001

import pytest

from chatsheet.sheets.ingest import encoding

WORDS = (
    ("cp1250", "Nazwa;Miasto;Kwota\nŻółw;Łódź;1,5\nGęś;Poznań;2,5\nŚwinka;Kraków;3\nĆma;Gdańsk;4\n"),
    ("cp1250", "Název;Město;Cena\nKůň;Plzeň;1\nŽába;Dvůr Králové;2\nŘeka;Třebíč;3\nŠíp;Ústí nad Labem;4\n"),
    ("cp1250", "Név;Város;Ár\nŐz;Győr;1\nFűrész;Szeged;2\nTükör;Pécs;3\nCsősz;Hódmezővásárhely;3\n"),
    ("cp1250", "Ime;Grad;Iznos\nŽeljko;Čakovec;1\nŠime;Šibenik;2\nĐuro;Đakovo;3\n"),
    ("cp1250", "Názov;Mesto\nĽubica;Košice\nŤava;Žilina\nŠťuka;Banská Štiavnica\n"),
    ("cp1250", "Nume;Oras\nBrânză;Iaşi\nŢară;Bucureşti\nPâine;Constanţa\n"),
    ("iso8859_2", "Nazwa;Miasto;Kwota\nŻółw;Łódź;1,5\nGęś;Poznań;2,5\nŚwinka;Kraków;3\nĆma;Gdańsk;4\n"),
    ("iso8859_2", "Název;Město;Cena\nKůň;Plzeň;1\nŽába;Dvůr Králové;2\nŘeka;Třebíč;3\nŠíp;Ústí nad Labem;4\n"),
    ("iso8859_2", "Név;Város;Ár\nŐz;Győr;1\nFűrész;Szeged;2\nTükör;Pécs;3\n"),
    ("cp1252", "Name;Straße;Betrag\nMüller;Größe;1\nJäger;Königsallee;2\nÖzil;Übersee;3\n"),
    ("cp1252", "Nom;Ville;Prix\nHélène;Besançon;1\nFrançois;Orléans;2\nNoël;Nîmes;3\nÉlodie;Sète;3\n"),
    ("cp1252", "Nombre;Ciudad\nMuñoz;Cádiz\nPeña;Málaga\nIñigo;A Coruña\n"),
    ("cp1252", "Navn;By\nSøren;Århus\nÆrø;Næstved\nBjørn;Tromsø\n"),
    ("cp1252", "Nome;Cidade\nJoão;São Paulo\nConceição;Goiânia\nAntônio;Maceió\n"),
    ("cp1252", "Produkt;Preis\nKäse;“5 €”\nBrötchen – süß;3 €\n"),
    ("cp1252", "Namn;Ort\nÅsa;Malmö\nGöran;Västerås\n"),
    ("cp1252", "Nimi;Kaupunki\nPäivi;Jyväskylä\nHäkkinen;Hämeenlinna\n"),
    ("cp1252", "Preis\n5 €\n6 €\n7 €\n8 €\n"),
    ("cp1251", "Имя;Город;Сумма\nИван;Москва;1\nОльга;Тверь;2\n"),
    ("cp1251", "Товар;Цена\nСтол;12\nСтул;14\n"),
    ("koi8_r", "Имя;Город;Сумма\nИван;Москва;1\nОльга;Тверь;2\n"),
    ("shift_jis", "氏名;都市;金額\n佐藤;東京;1\n鈴木;大阪;2\nカタカナ;ひらがな;3\n"),
    ("shift_jis", "商品,価格\nりんご,100\nみかん,80\n"),
    ("euc_jp", "氏名;都市;金額\n佐藤;東京;1\n鈴木;大阪;2\nカタカナ;ひらがな;3\n"),
    ("gb18030", "姓名;城市;金额\n王伟;北京;1\n李娜;上海;2\n张敏;广州;3\n"),
    ("big5", "姓名;城市;金額\n陳大文;台北;1\n李小明;高雄;2\n林美麗;台中;3\n"),
    ("euc_kr", "이름;도시;금액\n김철수;서울;1\n이영희;부산;2\n박민수;대구;3\n"),
    ("utf-16", "Név;Város\nŐz;Győr\n"),
    ("utf-16", "氏名;都市\n佐藤;東京\n"),
    ("utf-16-le", "Név;Város;Összeg\nŐz;Győr;1\nFűrész;Szeged;2\n"),
    ("utf-16-le", "氏名,都市,金額\n佐藤,東京,100\n鈴木,大阪,200\n"),
    ("utf-16-le", "Имя;Город;Сумма\nИван;Москва;1\n"),
    ("utf-16-be", "Név;Város;Összeg\nŐz;Győr;1\nFűrész;Szeged;2\n"),
    ("utf-16-be", "Имя;Город;Сумма\nИван;Москва;1\n"),
    ("cp1253", "Όνομα;Πόλη\nΓιώργος;Αθήνα\nΕλένη;Θεσσαλονίκη\n"),
    ("cp1254", "İsim;Şehir\nAyşe;İstanbul\nÇağrı;Eskişehir\nGökçe;Muğla\n"),
    ("cp1257", "Vardas;Miestas\nJūratė;Šiauliai\nŽydrūnas;Klaipėda\nRūta;Panevėžys\n"),
    ("cp1255", "שם;עיר\nדוד;ירושלים\nשרה;חיפה\n"),
    ("cp1256", "اسم;مدينة\nمحمد;القاهرة\nفاطمة;بغداد\n"),
    ("cp850", "Name;Straße;Betrag\nMüller;Größe;1\nJäger;Königsallee;2\n"),
    ("cp852", "Nazwa;Miasto\nŻółw;Łódź\nGęś;Poznań\n"),
    ("mac_roman", "Name;Straße;Betrag\nMüller;Größe;1\nJäger;Königsallee;2\n"),
    ("cp866", "Имя;Город;Сумма\nИван;Москва;1\nОльга;Тверь;2\n"),
    ("iso8859_15", "Nom;Prix\nCœur;5 €\nŒuf;6 €\n"),
)


def chosen(content: bytes) -> encoding.Encoding | None:
    try:
        content.decode()
    except UnicodeDecodeError:
        return encoding.choose(content, b"".join(encoding.foreign_lines(content)), is_utf8=False)
    return encoding.choose(content, b"", is_utf8=True)


@pytest.mark.parametrize(("name", "text"), WORDS, ids=lambda value: str(value).split("\n")[0])
def test_words_of_a_language_tell_its_encoding(name: str, text: str) -> None:
    found = chosen(text.encode(name))
    assert found is not None
    assert text.encode(name).decode(found.name) == text


@pytest.mark.parametrize(("name", "text"), WORDS, ids=lambda value: str(value).split("\n")[0])
@pytest.mark.parametrize("mark", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_any_words_are_read_by_their_mark_or_as_utf8(name: str, text: str, mark: str) -> None:
    del name
    found = chosen(text.encode(mark))
    assert found is not None
    assert text.encode(mark).decode(found.name) == text


def test_customers_of_all_the_west_stay_in_the_western_encoding() -> None:
    text = "Name;Ort\nSøren;Århus\nMuñoz;Cádiz\nJoão;São Paulo\nHélène;Nîmes\nMüller;Köln\nPäivi;Jyväskylä\nÞór;Reykjavík\n"
    found = chosen(text.encode("cp1252"))
    assert found is not None
    assert found.name == "cp1252"


def test_a_few_strange_bytes_are_no_evidence() -> None:
    found = chosen("Item;Price\nPen;5 €\nCafé;3 €\n".encode("cp1252"))
    assert found is not None
    assert found.name == "cp1252"


@pytest.mark.parametrize("content", [bytes(range(256)) * 20, b"\0\1\2\3" * 500])
def test_bytes_of_no_text_have_no_encoding(content: bytes) -> None:
    assert chosen(content) is None
