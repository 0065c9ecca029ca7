# SPDX-License-Identifier: GPL-3.0-or-later
"""Words in the names of columns, in the languages of portals and owners, and what they mean."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from functools import lru_cache
from typing import Final


class Role(Enum):
    """Roles of columns. The value is shown to the owner."""

    SURPLUS = "surplus"
    IMPORT = "import from the grid"
    EXPORT = "export to the grid"
    GRID = "grid, import or export by its sign"
    PRODUCTION = "production of the panels"
    CONSUMPTION = "consumption of the house"
    CHARGE = "into the battery"
    DISCHARGE = "out of the battery"
    BATTERY = "battery"
    SOC = "state of charge"
    CAR = "the car"
    OWN_USE = "own use of the production"
    OTHER = "something else"
    UNKNOWN = "not known"


# Words are matched after accents are stripped and in lower case; \b where a word is short.
_SOC: Final = (
    r"\bsoc\b|state of charge|ladezustand|ladestand|fullstand|etat de charge|estado de (la )?carga|"
    r"stato di carica|laadstatus|laadtoestand|stan naladowania|stav nabiti|varaustila|电量|charge level|battery level"
)
_HARD: Final = (
    r"reactive|blindleist|blindener|apparent|scheinleist|forecast|prognos|predict|expected|erwartet|"
    r"limit|grenze|abregel|curtail|irradian|insolation|einstrahl|\bco2|co₂|emission|"
    r"price|preis|\bprix|precio|prezzo|prijs|\bcosts?\b|kosten|\bcout|tarif|vergutung|saving|ersparnis|"
    r"efficien|wirkungsgrad|normali[sz]ed|autark|self ?suffic|autarc|ratio\b|quote|anteil|degree|capacity|"
    r"power factor|cos ?phi|leistungsfaktor|factor de potencia|status|state of health|\bsoh\b|error|duration|dauer|"
    r"specific|spezifisch|quality|qualitat|\bstandard deviation|\bstddev"
)
_SOFT: Final = (
    r"voltage|\bvolts?\b|spannung|tension|voltaje|spanning|tensao|tensione|napiec|napeti|jannite|"
    r"\bcurrent\b|stromstarke|corrente|\bcourant|corriente|\bampere|\bamps?\b|frequen|frequenz|frecuen|"
    r"\bfreq\b|temperatur|\btemp\b|humid|feuchte|\bwind|\bstring ?\d|\bmode\b|\bcount"
)
_SOFT_MAYBE: Final = r"\bmin\b|\bmax\b|minim|maxim|\bpeak\b|spitze"
_OWN_USE: Final = (
    r"self ?consum|self ?use|eigenverbrauch|eigenbedarf|eigennutzung|autoconsum|autoconsom|direkt ?verbrauch|"
    r"direktverbrauch|direct(ly)? (consum|use)|zelfverbruik|eigen verbruik|egenforbruk|egenforbrug|egenanvand|"
    r"autokonsum|omakaytto|vlastni spotreb|自家消費|自用"
)
_SURPLUS: Final = (
    r"surplus|excess|uberschuss|ueberschuss|\bspare\b|excedent|excedente|\bexceso|sobrante|eccedenza|"
    r"overschot|overskott|overskudd|overskud|nadwyzk|prebytek|ylijaam|余剰|余电"
)
_EXPORT: Final = (
    r"export|eksport|esporta|feed ?in\b|feedin|\bfeed to|fed (in|to)|einspeis|eingespeist|ruckspeis|rucklieferung|"
    r"netzlieferung|\blieferung|\babgabe\b|\bsold\b|\bsell|injection|injecte|\binject|injec|inyec|injeta|vertid|vertido|"
    r"immess|immission|ceduta|cessione|terugle|teruggel|\breturn(ed|s)?\b|inmatning|innmating|tilbakelever|"
    r"dodavka do|dodane do|oddan|oddawan|pretok|betaplal|visszatap|syotto|\b2 8 [0-9]\b|\b2 7 0\b|上网|馈网|馈入|売電|vers (le )?reseau|"
    r"a la red\b|hacia (la )?red|verso (la )?rete|naar (het )?net\b|till (el)?nat|til (strom)?nett|do sieci|do site\b|verkkoon"
)
_IMPORT: Final = (
    r"import|netzbezug|\bbezug|bezogen|soutir|prelev|\bachat|achete|purchas|\bbought|\bbuy\b|\bcompra|acquist|"
    r"afname|afgenomen|\bkopt?\b|pobran|\bpobor|\bodber|\bosto\b|vetelez|\b1 8 [0-9]\b|\b1 7 0\b|购电|取电|買電|"
    r"\bdrawn? from|du reseau|depuis (le )?reseau|de la red\b|desde (la )?red|dalla rete|da rete|van (het )?net\b|fran (el)?nat|fra (strom)?nett|z sieci|ze site\b|verkosta"
)
_GRID: Final = (
    r"\bgrid|netz|reseau|\bred\b|\brete\b|\brede\b|elnat\b|stromnett|\bnett\b|\bsiec|\bsieci\b|\bsit\b|verkko|"
    r"\bmains\b|\butility\b|halozat|smart ?meter|\bmeter\b|\bzahler\b|\bzaehler\b|compteur|contador|contatore|"
    r"\bnet\b|\b16 7 0\b|电网|電網|系統電力"
)
_NET: Final = r"\bnetto?\b"
_PRODUCTION: Final = (
    r"produc|produk|produz|prodot|\bsolar|solaire|solare\b|\bpv\b|\bpv ?\d|\bpvs?\b|\bfv\b|photovolt|fotovolt|generat|"
    r"generac|generaz|gerac|erzeug|\byield|ertrag|opwek|opgewekt|opbrengst|wytwarz|wytworz|wyprod|vyrob|tuotanto|"
    r"aurinko|termel|\bsol\b|solcell|zonne|\bzon\b|\bpanels?\b|\bmodule\b|inverter|wechselrichter|onduleur|inversor|"
    r"\bmppt\b|\bsun\b|发电|發電|光伏|発電|太陽"
)
_CONSUMPTION: Final = (
    r"consum|consom|verbrauch|verbruik|verbruikt|gebruik|forbruk|forbrug|forbrukning|zuzyci|spotreb|kulutus|"
    r"fogyaszt|\bloads?\b|\blast\b|\bhouse|\bhome\b|household|\bhaus|haushalt|hausverbrauch|\bmaison|\bcasa\b|"
    r"vivienda|\bhogar|\bhuis|\bhus\b|\bdom\b|\busage\b|\bused?\b|demand|\bcarga\b|\bcarico\b|用电|負荷|负载|消費|消耗"
)
_BATTERY: Final = (
    r"batter|bateri|\bakku|\baccu\b|speicher|powerwall|storage|\bbess\b|\bess\b|akumul|\bakk\b|\bbat\b|\bbatt\b|"
    r"电池|蓄電|储能"
)
_OUT: Final = r"discharg|entlad|descarg|decharg|scaric|ontlad|urladd|utlad|rozladow|vybij|vybit|entnahme|purku|放电|放電|\bfrom\b|\bout\b|\baus\b"
_IN: Final = r"charg|\blad(e|en|ung)\b|belad|geladen|\bcarg|\bcaric|oplad|\blaad|laddn|\blading|ladow|nabij|lataus|充电|充電|\bto\b|\binto?\b|\bin\b"
_CAR: Final = (
    r"\bev\b|\bevs\b|wallbox|wall box|vehicle|fahrzeug|\bcar\b|e ?auto\b|elektroauto|voiture|\bcoche|loadpoint|"
    r"ladepunkt|charge ?point|charging station|ladestation|\bcharger\b|\bevse\b|zappi|laadpaal|\bborne\b|elbil"
)
_CHARGER_OF_PANELS: Final = r"solar charger|pv charger|mppt charger"
_RULES: Final = {role: re.compile(text) for role, text in {
    Role.SOC: _SOC, Role.OWN_USE: _OWN_USE, Role.SURPLUS: _SURPLUS, Role.EXPORT: _EXPORT,
    Role.IMPORT: _IMPORT, Role.GRID: _GRID, Role.PRODUCTION: _PRODUCTION,
    Role.CONSUMPTION: _CONSUMPTION, Role.BATTERY: _BATTERY, Role.DISCHARGE: _OUT, Role.CHARGE: _IN,
    Role.CAR: _CAR,
}.items()}  # fmt: skip
_HARD_RE, _SOFT_RE = re.compile(_HARD), re.compile(_SOFT)
_EXTREME_RE, _NET_RE = re.compile(_SOFT_MAYBE), re.compile(_NET)
_PANELS_RE = re.compile(_CHARGER_OF_PANELS)
_ACTIVE: Final = re.compile(r"(?:^|[\s_])(?:([+-])\s?[AP]|[AP]\s?([+-]))(?=$|[\s_(\[])")
"""Active energy as grid operators write it: +A or A+ is import, -A or A- export (IEC 62056)."""
_FLOW: Final = re.compile(
    r"^(?P<source>.*?)\b(to|into|nach|zu|zum|zur|ins|in das|vers|hacia|verso|naar|till|til|do|→|->)\b(?P<sink>.+)$"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9][a-z0-9])(?=[A-Z])")
_BRANDS: Final = re.compile(
    r"solar[ _.-]?(edge|man|net|web|log|watt|assistant|manager|analytics)|sunny[ _.-]?(boy|home|portal|explorer)|"
    r"sun(synk|power|gro[wv])|home[ _.-]?(assistant|manager|wizard)|pv ?output",
    re.IGNORECASE,
)
"""Names of makers and programs that would be taken for panels or loads."""
_POWER_WORD: Final = re.compile(
    r"power|leistung|puissance|potencia|potenza|vermogen|effekt|\bmoc\b|vykon|\bteho\b|功率"
)
_ENERGY_WORD: Final = re.compile(r"energ|\barbeit\b|zahlerstand|ertrag|\byield\b|电量")


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A name in lower case, without accents, with single blanks between its words."""
    text = unicodedata.normalize("NFKD", _CAMEL.sub(" ", name).replace("ß", "ss"))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = _BRANDS.sub(" ", text)
    text = text.replace("ł", "l").replace("ø", "o").replace("Ø", "o").replace("æ", "ae").casefold()
    return " ".join(re.sub(r"[^\w→]+|_", " ", text).split())


def has(role: Role, text: str) -> bool:
    """Tell whether a plain name has a word of the role."""
    return _RULES[role].search(text) is not None


def says_power(name: str) -> bool:
    """Return True for a name of a power."""
    return _POWER_WORD.search(plain(name)) is not None


def says_energy(name: str) -> bool:
    """Return True for a name of an energy."""
    return _ENERGY_WORD.search(plain(name)) is not None


def says_extreme(name: str) -> bool:
    """Return True for the least or the largest value of a row, not its mean."""
    return _EXTREME_RE.search(plain(name)) is not None


def role_of(name: str, *, measured: bool) -> Role:
    """The role that a name gives a column. `measured` says that its unit is one of power or energy.

    Flows ("PV to battery") come first, then what is no flow at all, then the words for a direction,
    and last those for a place, so that "energy imported from the grid" is an import.
    """
    text = plain(name)
    if has(Role.SOC, text):
        return Role.SOC
    if (active := _ACTIVE.search(name)) is not None:
        return Role.EXPORT if "-" in active.groups() else Role.IMPORT
    if _HARD_RE.search(text) or (_SOFT_RE.search(text) and not measured):
        return Role.OTHER
    if has(Role.OWN_USE, text):
        return Role.OWN_USE
    flow = _FLOW.match(text)
    if flow is not None and (role := _flow(flow["source"], flow["sink"])) is not None:
        return role
    if has(Role.CAR, text) and not _PANELS_RE.search(text):
        return Role.CAR
    if has(Role.BATTERY, text):
        return _battery(text)
    return _house(text)


def _flow(source: str, sink: str) -> Role | None:
    """The role of "A to B", seen from the house's meter."""
    if has(Role.CAR, sink):
        return Role.CAR
    if has(Role.BATTERY, sink):
        return Role.CHARGE
    if has(Role.GRID, sink):
        return Role.EXPORT
    if has(Role.CONSUMPTION, sink):
        if has(Role.GRID, source):
            return Role.IMPORT
        if has(Role.BATTERY, source):
            return Role.DISCHARGE
        return Role.OWN_USE if has(Role.PRODUCTION, source) else None
    return None


def _battery(text: str) -> Role:
    """Charging, discharging, or both by the sign."""
    out = has(Role.DISCHARGE, text)
    inward = has(Role.CHARGE, re.sub(_OUT, " ", text))
    if out == inward:
        return Role.BATTERY
    return Role.DISCHARGE if out else Role.CHARGE


def _house(text: str) -> Role:  # noqa: PLR0911 - one per role
    """Grid, panels and loads."""
    out, inward = has(Role.EXPORT, text), has(Role.IMPORT, text)
    grid = has(Role.GRID, text) and not _NET_RE.search(text)
    sun, load = has(Role.PRODUCTION, text), has(Role.CONSUMPTION, text)
    net = _NET_RE.search(text) is not None
    if out and inward:
        return Role.GRID
    if out:
        return Role.EXPORT
    if has(Role.SURPLUS, text):
        return Role.SURPLUS
    if inward:
        return Role.IMPORT
    if grid and sun:
        return Role.UNKNOWN
    if (grid or net) and load and not sun:
        return Role.IMPORT
    if net and sun and not load:
        return Role.EXPORT
    if grid or net:
        return (
            Role.IMPORT
            if re.search(r"\bfrom (the )?(grid|net)|aus (dem )?netz|vom netz", text)
            else Role.GRID
        )
    if sun and load:
        return Role.OWN_USE if not re.search(r"inverter|wechselrichter", text) else Role.UNKNOWN
    if sun:
        return Role.PRODUCTION
    return Role.CONSUMPTION if load else Role.UNKNOWN
