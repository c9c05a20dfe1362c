"""Issuing virtual cards into a folder: invented people, fresh keys, a root that says SIMULATED.

    issue(Path("card"), Person(), photo_jp2)          the card of this folder
    card_of(Path("card"), named("grace"))             another of the same issuing authority, under kinds/

The folder of a card holds `card.json` (what the card process needs, with the private keys), `certificate.der` (the
authentication certificate, where there is one) and `info.json` (what the person at the demo must know: kind, PIN, check
number B, fingerprint; and whose it is, for the card's printed side and the patient's insurance). The folder itself holds also `authority.json` (the keys of its issuing authority) and
`trust/auth-ca.pem` (the root for the kiosk's trust store). All of it belongs to this user alone; nothing of it is worth
anything elsewhere.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from kiosk.simulation import authority as authorities
from kiosk.simulation import card_applications, card_folder, card_image
from kiosk.simulation import card_certificates as certificates
from kiosk.simulation.authority import IssuingAuthority
from kiosk.simulation.card_applications import SIGNATURE_PASSWORD, Papers
from kiosk.simulation.card_folder import IssuedCard
from kiosk.simulation.card_image import CardImage
from kiosk.simulation.holder import Person
from kiosk.simulation.kinds import ORDINARY, Kind
from kiosk.simulation.people import Sitter, photo_jp2

__all__ = ["SIGNATURE_PASSWORD", "IssuedCard", "Person", "card_of", "issue", "issue_kind"]


def issue(
    folder: Path,
    person: Person,
    photo: bytes,
    *,
    kind: Kind = ORDINARY,
    issued_at: datetime | None = None,
    not_after: datetime | None = None,
    atr: bytes | None = None,
) -> IssuedCard:
    """Issue the card of `folder` to `person`, replacing the one that may be there. `photo` is a greyscale JPEG 2000 file.

    The issuing authority is the folder's own, made with its first card. `issued_at` is now unless told; the certificates
    end at `not_after`, else when the kind says, else at 23:59:59 JST of the holder's fifth birthday after the issue, or of
    the card's last day if that is earlier (domain/mynumber-card.md section 6). Raises `CardImageError`.
    """
    issued_at = issued_at or certificates.now()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = authorities.of_folder(folder, issued_at)
    (folder / "trust").mkdir(mode=0o700, exist_ok=True)
    card_image.write_private(card_folder.root(folder), authority.root_pem)
    return _issue(folder, kind, person, photo, authority, issued_at=issued_at, not_after=not_after, atr=atr)


def issue_kind(folder: Path, kind: Kind) -> IssuedCard:
    """Issue a card of `kind` to the person it is made for, as the card of `folder`. Raises as `issue` and `photo_jp2` do."""
    issued_at = certificates.now()
    person = kind.holder(issued_at.astimezone(certificates.JST).date()) or Person()
    return issue(folder, person, _photo(kind.sitter), kind=kind, issued_at=issued_at)


def card_of(folder: Path, kind: Kind) -> Path:
    """The folder of a card of `kind` under the issuing authority of `folder`, issued now if it has not been yet.

    It is `folder` itself where its own card is of this kind. Raises `CardImageError`, `MissingError`.
    """
    card = card_folder.place_of(folder, kind)
    if card_folder.issued(card):
        return card
    issued_at = certificates.now()
    person = kind.holder(issued_at.astimezone(certificates.JST).date()) or Person()
    authority = authorities.of_folder(folder, issued_at)
    card.parent.mkdir(mode=0o700, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=card.parent, prefix=f".{kind.name}-"))
    try:
        _issue(beside, kind, person, _photo(kind.sitter), authority, issued_at=issued_at)
        beside.rename(card)
    except OSError:
        # Somebody beside us has issued it in the meantime; one is as good as the other.
        if not card_folder.issued(card):
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return card


@functools.cache
def _photo(sitter: str) -> bytes:
    return photo_jp2(Sitter(sitter))


def _issue(
    card: Path,
    kind: Kind,
    person: Person,
    photo: bytes,
    authority: IssuingAuthority,
    *,
    issued_at: datetime,
    not_after: datetime | None = None,
    atr: bytes | None = None,
) -> IssuedCard:
    image = CardImage(
        kind.atr if atr is None else atr, tuple(card_applications.none_of_ours(aid) for aid in kind.applications)
    )
    certificate = None
    issued = IssuedCard(None, "", "", kind.name)
    if kind.person is not None:
        papers = _papers(kind, person, authority, issued_at, not_after)
        made = (card_applications.application(aid, kind, person, papers, photo) for aid in kind.applications)
        image = CardImage(image.atr, tuple(made))
        certificate = None if kind.certificate == "none" else papers.certificate
        issued = IssuedCard(
            person.pin if kind.has_pin else None,
            person.check_number_b if card_image.AID_SURFACE in kind.applications else "",
            "" if certificate is None else sha256(certificate).hexdigest(),
            kind.name,
        )
    card_image.write(image, card)
    (card / "certificate.der").unlink(missing_ok=True)
    if certificate is not None:
        card_image.write_private(card / "certificate.der", certificate)
    card_folder.write(card, issued, None if kind.person is None else person, kind.sitter)
    return issued


def _papers(
    kind: Kind, person: Person, authority: IssuingAuthority, issued_at: datetime, not_after: datetime | None
) -> Papers:
    issued_on = issued_at.astimezone(certificates.JST).date()
    if not_after is None and kind.ends_in_days is not None:
        not_after = certificates.end_of(issued_on + timedelta(days=kind.ends_in_days))
    last_day = min(certificates.fifth_birthday(person.birth_date, issued_on), person.expiry)
    not_after = not_after or certificates.end_of(last_day)
    # A card whose certificates have ended was issued before they did.
    not_before = min(issued_at - timedelta(hours=1), not_after - timedelta(days=365))
    key = certificates.new_key()
    issuer = authority.authentication if kind.known_root else authorities.unknown_root(issued_at)
    return Papers(
        authentication=certificates.card_key(key),
        certificate=certificates.certify(
            issuer, key, not_before=not_before, not_after=not_after, for_signing=kind.certificate == "signature"
        ),
        certificate_root=issuer.der,
        signature=certificates.card_key(authority.signature_key),
        signature_certificate=certificates.certify(
            authority.signature, authority.signature_key, not_before=not_before, not_after=not_after, for_signing=True
        ),
        signature_root=authority.signature.der,
        surface=certificates.card_key(authority.surface_key),
        text=certificates.card_key(authority.text_key),
        certifier=certificates.card_key(authority.certifier),
        certifier_root=certificates.card_key(authority.certifier_root),
    )
