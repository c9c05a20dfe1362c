"""`kiosk check`: every part this kiosk needs, looked at once, told in words a person can act on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from kiosk import secrecy
from kiosk.configuration import KioskSettings
from kiosk.errors import ExitCode, KioskError, MissingError
from kiosk.record import ids

OK, LACKING = "ok     ", "LACKING"

Look = Callable[[KioskSettings], str]
"""One part: a sentence on it; a `KioskError`, whose sentence says what is lacking and what to do."""


@dataclass(frozen=True)
class Part:
    """A name of at most ten letters and how it is looked at."""

    name: str
    look: Look


def check(settings: KioskSettings, tell: Callable[[str], object]) -> int:
    """Look at everything and tell it line by line; 0 if all is there, else 3."""
    lacking = 0
    for part in PARTS:
        try:
            sentence, word = part.look(settings), OK
        except KioskError as error:
            sentence, word = error.sentence, LACKING
            lacking += 1
        tell(f"{word}  {part.name:10}{sentence}")
    tell("All is there." if not lacking else f"{lacking} of {len(PARTS)} parts cannot be used.")
    return ExitCode.MISSING if lacking else ExitCode.DONE


# Each part's library is loaded only when the part is looked at: a broken one must not hide the others.


def _reader(settings: KioskSettings) -> str:
    from kiosk.card.reader import reader_state  # noqa: PLC0415

    report = reader_state(settings.card)
    if not report.state.usable:
        raise MissingError(report.sentence)
    return report.sentence


def _camera(settings: KioskSettings) -> str:
    from kiosk.face.camera import camera_state  # noqa: PLC0415

    return camera_state(settings.face.filming)


def _tray(settings: KioskSettings) -> str:
    from kiosk.face.camera import camera_state  # noqa: PLC0415

    if settings.face.card_camera is None:
        return f"no camera looks down at the card, and none is needed: card_front is {settings.card_front}"
    return f"over the card: {camera_state(settings.face.front_filming)}"


def _engine(settings: KioskSettings) -> str:
    from kiosk.face.matcher import engine_state  # noqa: PLC0415

    return engine_state(settings.face.engine)


def _centre(settings: KioskSettings) -> str:
    from kiosk.eligibility.state import centre_state  # noqa: PLC0415

    state = centre_state(settings.eligibility)
    if not state.ok:
        raise MissingError(state.sentence)
    return state.sentence


def _reception(settings: KioskSettings) -> str:
    from kiosk.delivery.certificate import certificate_time  # noqa: PLC0415
    from kiosk.delivery.exchange import Addresses, door_client, exchange  # noqa: PLC0415

    url = Addresses(settings.delivery.urls).url("/k/v1/key")
    with door_client(settings.delivery) as client:
        answer = exchange(client, "GET", url, kiosk_id=ids.kiosk_id(settings.kiosk_id))
    if not answer.accepted or "public_key" not in answer.fields():
        raise MissingError(f"{url} answers, but not as reception does: check delivery.urls")
    time = certificate_time(settings.delivery)
    if time is None:
        return "reception answers and gives its public key"
    days = time.days_left(datetime.now(UTC))
    return f"reception answers and gives its public key; this kiosk's certificate has {days} days left"


def _fonts(_settings: KioskSettings) -> str:
    from kiosk.ui.fonts import find_faces  # noqa: PLC0415

    return f"fonts found: {', '.join(path.name for path in find_faces().regular)}"


def _languages(settings: KioskSettings) -> str:
    from kiosk.ui.fonts import find_faces  # noqa: PLC0415
    from kiosk.ui.languages import state  # noqa: PLC0415

    return state(settings.display, find_faces())


def _swap(_settings: KioskSettings) -> str:
    return secrecy.swap_state()


def _sound(_settings: KioskSettings) -> str:
    from kiosk.ui.sound import Sound  # noqa: PLC0415

    sound = Sound()
    silent = sound.silent
    sound.close()
    return "no sound device: the kiosk works all the same, silently" if silent else "a sound device is there"


PARTS = (
    Part("reader", _reader),
    Part("camera", _camera),
    Part("tray", _tray),
    Part("models", _engine),
    Part("centre", _centre),
    Part("reception", _reception),
    Part("fonts", _fonts),
    Part("languages", _languages),
    Part("swap", _swap),
    Part("sound", _sound),
)
