"""What stands in a card's folder, and where the other cards of the same issuing authority are.

    <folder>/card.json, info.json, certificate.der     the folder's own card
    <folder>/kinds/<kind>/...                          a card of another kind
    <folder>/authority.json, trust/auth-ca.pem         who issued them all

Light on purpose: a card that has been issued comes up without the libraries that issuing needs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from kiosk.simulation.card_image import CardImageError, write_private
from kiosk.simulation.holder import Person
from kiosk.simulation.kinds import ORDINARY, Kind

INFO = "info.json"

_TEXTS, _DATES = ("name", "name_kana", "sex", "security_code", "address"), ("birth_date", "expiry")

_Told = TypeVar("_Told")


@dataclass(frozen=True, repr=False)
class IssuedCard:
    """What the people around the demo must know of a card; `pin` is None if it was issued without one.

    `check_number_b` and `fingerprint` are empty for a card that has none.
    """

    pin: str | None
    check_number_b: str
    fingerprint: str
    kind: str = ORDINARY.name


def write(card: Path, issued: IssuedCard, holder: Person | None, sitter: str) -> None:
    """Keep the facts of a card and, for whoever shows its printed side or knows the patient, its `holder` and portrait."""
    told: dict[str, object] = dict(vars(issued))
    if holder is not None:
        told |= {name: getattr(holder, name) for name in _TEXTS}
        told |= {name: getattr(holder, name).isoformat() for name in _DATES}
        told |= {"western_year": holder.foreign, "sitter": sitter}
    write_private(card / INFO, json.dumps(told).encode())


def facts(card: Path) -> IssuedCard:
    """What is to be known of the card in a card's folder; raises `CardImageError`."""
    return _read(card, lambda told: IssuedCard(*(told[field.name] for field in fields(IssuedCard))))


def holder(card: Path) -> Person | None:
    """Who holds the card, if anybody of ours does; raises `CardImageError`."""
    return _read(card, _person)


def place_of(folder: Path, kind: Kind) -> Path:
    """Where the card of `kind` is, or would be: `folder` itself if its own card is one. Raises `CardImageError`."""
    return folder if facts(folder).kind == kind.name else folder / "kinds" / kind.name


def issued(card: Path) -> bool:
    """Whether a card has been issued into this folder, whole."""
    return (card / INFO).exists()


def root(folder: Path) -> Path:
    """The root under which all cards of `folder` are issued (PEM)."""
    return folder / "trust" / "auth-ca.pem"


def _person(told: dict[str, Any]) -> Person | None:
    if "name" not in told:
        return None
    parts: dict[str, Any] = {name: str(told[name]) for name in _TEXTS}
    parts |= {name: date.fromisoformat(told[name]) for name in _DATES}
    return Person(**parts, pin=told["pin"], foreign=told["western_year"] is True)


def _read(card: Path, parse: Callable[[dict[str, Any]], _Told]) -> _Told:
    try:
        return parse(json.loads((card / INFO).read_bytes()))
    except OSError as error:
        raise CardImageError(f"{card}: no card has been issued here ({error.strerror}); use --issue") from error
    except (KeyError, TypeError, ValueError) as error:
        raise CardImageError(f"{card / INFO}: is not of this version; issue the card again with --issue") from error
