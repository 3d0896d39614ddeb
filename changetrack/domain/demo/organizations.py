"""The customers of the example: organisations and their people, none of which exists."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Organization:
    """A customer: its trade, where it is, how its people are named, what it pays in."""

    name: str
    industry: str
    region: str
    names: str
    currency: str

    @property
    def domain(self) -> str:
        """Where its pages and mail live: under a name that can belong to nobody."""
        return "-".join(word for word in self.name.casefold().split() if word.isascii() and word.isalpha()) + ".example"


_ROWS = """
Bramwell Orchard Foods|Food|United Kingdom|anglo|GBP
Oakhaven Community Hospitals|Health care|United Kingdom|anglo|GBP
Thistledown Water|Utilities|United Kingdom|anglo|GBP
Pellworth Rail Services|Transport|United Kingdom|anglo|GBP
Saltmarsh Ceramics|Manufacturing|United Kingdom|anglo|GBP
Nordhavn Bakeries|Food|Nordics|nordic|EUR
Fjellbrygge Shipping|Transport|Nordics|nordic|EUR
Granlund Paperworks|Manufacturing|Nordics|nordic|EUR
Stillwater District Heating|Utilities|Nordics|nordic|EUR
Kuusisaari Care Homes|Health care|Nordics|nordic|EUR
Eichenau Antriebstechnik|Manufacturing|Germany and Austria|german|EUR
Rotbachtaler Molkereien|Food|Germany and Austria|german|EUR
Lindenhof Versicherung|Insurance|Germany and Austria|german|EUR
Waldecker Stadtwerke Verbund|Utilities|Germany and Austria|german|EUR
Steinfurt Logistik|Transport|Germany and Austria|german|EUR
Hohenried Kliniken|Health care|Germany and Austria|german|EUR
Ateliers de Vaucresse|Manufacturing|France and Benelux|french|EUR
Mutuelle du Val Clair|Insurance|France and Benelux|french|EUR
Boulangeries Maréchal Roux|Food|France and Benelux|french|EUR
Transports Delacourt|Transport|France and Benelux|french|EUR
Zeewind Onderhoud|Utilities|France and Benelux|dutch|EUR
Van Rijssel Glas|Manufacturing|France and Benelux|dutch|EUR
Waterlant Zorggroep|Health care|France and Benelux|dutch|EUR
Cantabra Conservas|Food|Southern Europe|iberian|EUR
Puerto Sereno Terminals|Transport|Southern Europe|iberian|EUR
Seguros Monteclaro|Insurance|Southern Europe|iberian|EUR
Cerâmica Vale do Freixo|Manufacturing|Southern Europe|iberian|EUR
Officine Bellandi|Manufacturing|Southern Europe|italian|EUR
Cooperativa Collefiore|Food|Southern Europe|italian|EUR
Clinica San Valerio|Health care|Southern Europe|italian|EUR
Wierzbowa Mleczarnia|Food|Central Europe|polish|EUR
Polana Części|Manufacturing|Central Europe|polish|EUR
Ubezpieczenia Jaskółka|Insurance|Central Europe|polish|EUR
Karaağaç Tekstil|Manufacturing|Türkiye and Middle East|turkish|EUR
Mavikent Lojistik|Transport|Türkiye and Middle East|turkish|EUR
Qasr Amal Hospitals|Health care|Türkiye and Middle East|arabic|USD
Wadi Zahra Utilities|Utilities|Türkiye and Middle East|arabic|USD
Adunola Mills|Food|Africa|yoruba|USD
Ilesanmi Freight|Transport|Africa|yoruba|USD
Kilimo Bora Growers|Food|Africa|swahili|USD
Mwangaza Power|Utilities|Africa|swahili|USD
Vasudha Auto Parts|Manufacturing|India|indian|USD
Sahyadri Mutual|Insurance|India|indian|USD
Ananta Care|Health care|India|indian|USD
Hanbit Precision|Manufacturing|East Asia|korean|USD
Minami Foods|Food|East Asia|japanese|USD
Trường Sơn Logistics|Transport|East Asia|vietnamese|USD
Cedar Hollow Health|Health care|North America|anglo|USD
Three Pines Assurance|Insurance|North America|anglo|USD
Lakeshore Transit Works|Transport|North America|anglo|USD
Copperfield Valves|Manufacturing|North America|anglo|USD
Ferme des Outardes|Food|North America|french|USD
Agrícola Tierra Alta|Food|Latin America|iberian|USD
Mineradora Serra Azul|Manufacturing|Latin America|iberian|USD
Seguros Palo Verde|Insurance|Latin America|iberian|USD
Red Médica Quilamas|Health care|Latin America|iberian|USD
"""
ORGANIZATIONS = tuple(Organization(*row.split("|")) for row in _ROWS.strip().splitlines())

_NAMES = {
    "anglo": ("Joyce Martin Priya Desmond Hazel Colin Amara Gareth Lucy Neil Shona Winston",
              "Ashdown Carver Holloway Okafor Pritchard Sandhu Teague Varley Whitlock Mbeki Ferris Nugent"),
    "nordic": ("Anneli Lars Ragnhild Jussi Freja Sixten Maren Aino Eirik Solveig Tuomas Birgit",
               "Bergqvist Haugen Kallio Lövgren Mortensen Nygård Rantanen Sandvik Tveit Wiklund Hedman Aalto"),
    "german": ("Annegret Jörg Mehtap Ulrike Ansgar Heike Torben Steffi Emre Gudrun Kilian Renate",
               "Albrecht Dörfler Göktaş Hagemann Kestner Lohmann Overbeck Riedinger Sailer Tiedemann Wolters Zeller"),
    "french": ("Maëlle Thierry Aïcha Bastien Solène Hugues Fatou Corentin Odile Yannick Léonie Rachid",
               "Aubertin Chastel Diallo Fontenay Guérin Larrieu Montagne Perrault Quentin Sabatier Toussaint Vasseur"),
    "dutch": ("Anouk Bram Femke Jelle Lieke Maarten Nienke Ruben Saskia Teun Yasmina Wouter",
              "Aerts Bruinsma Dekker Hoekstra Jongbloed Kuipers Postma Terpstra Vandamme Wiersma Zijlstra Naciri"),
    "iberian": ("Beatriz Joaquim Lourdes Iker Catarina Ramiro Nuria Tomás Graça Xavier Pilar Ernesto",
                "Amaral Bustos Carrasco Ferraz Goyeneche Ledesma Moncada Pinheiro Quiroga Saavedra Tavares Zubiri"),
    "italian": ("Ornella Davide Fiamma Ettore Ilaria Sandro Bianca Rocco Mirella Tullio Samira Pietro",
                "Bonaventura Cattaneo Donati Ferrante Grimaldi Lombardini Marchetti Pavesi Ravelli Salvini Tosi Verri"),
    "polish": ("Bożena Marek Jagoda Wojciech Halina Kacper Danuta Szymon Zofia Tadeusz Irena Paweł",
               "Bielak Chmura Dudek Gajda Jasiński Kołodziej Lipiec Madej Osowska Ptak Sikora Zawada"),
    "turkish": ("Aylin Cem Defne Kerem Nilgün Orhan Selin Tolga Zehra Barış Gülay Emrah",
                "Aksoy Bozkurt Çelebi Doğan Erdem Günay Koçak Özmen Sezer Tuncel Uysal Yalçın"),
    "arabic": ("Layla Karim Noura Sami Huda Tariq Rania Bilal Dalal Faris Maysa Ziad",
               "Abdelnour Bakri Darwish Fakhoury Ghanem Halabi Khoury Mansour Nasser Qabbani Sabbagh Tannous"),
    "yoruba": ("Folake Tunde Yetunde Segun Bisi Kola Ronke Femi Titi Wale Sade Gbenga",
               "Adebayo Afolabi Bamgbose Durojaiye Fashola Idowu Ogunleye Olatunji Sowande Adeoti Bankole Oyelaran"),
    "swahili": ("Amina Baraka Chausiku Juma Neema Otieno Rehema Salim Wanjiru Zawadi Kamau Mariamu",
                "Achieng Kariuki Maina Mrema Mutua Mwakyusa Ndege Njoroge Odhiambo Shirima Wambui Komba"),
    "indian": ("Aarti Dev Ishani Kabir Lakshmi Manoj Nandini Rohan Savita Tarun Uma Vivek",
               "Bhattacharya Chaudhary Deshpande Gokhale Iyer Joshi Kulkarni Menon Nair Pillai Reddy Thakur"),
    "korean": ("Ji-woo Min-jun Seo-yeon Dong-hyun Ha-eun Sung-min Yu-na Jae-won So-ra Tae-yang Eun-ji Woo-jin",
               "Ahn Baek Cho Han Jeon Kang Moon Noh Park Shin Yang Yoon"),
    "japanese": ("Ayaka Daichi Emi Haruto Kaori Kenta Mayu Naoki Reiko Shun Tomomi Yuto",
                 "Aoyama Endo Fujita Hayashi Ishii Kimura Matsuda Nakano Okada Sakai Tamura Ueda"),
    "vietnamese": ("An Bích Cường Dung Hạnh Khoa Lan Minh Nga Phúc Thảo Vinh",
                   "Bùi Đặng Đỗ Hồ Lê Mai Ngô Phạm Trần Trịnh Võ Vũ"),
}  # fmt: skip


def people_names(names: str, chance: Random, count: int) -> list[str]:
    """So many different people of one way of naming, family name last as the records of the house have it."""
    given, family = (words.split() for words in _NAMES[names])
    return [f"{a} {b}" for a, b in zip(chance.sample(given, count), chance.sample(family, count), strict=True)]
