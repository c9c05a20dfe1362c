"""Single words that the visit shares with its stations: what may be wrong, what helps, what is asked for."""

from __future__ import annotations

from enum import StrEnum


class CardProblem(StrEnum):
    """Why a card cannot go on: one plain sentence each on the screen."""

    UNREADABLE = "unreadable"
    """No chip answers: in a case, moved, mute; or two cards that answer into one another."""
    SEVERAL_CARDS = "several_cards"
    OTHER_CARD = "other_card"
    RESIDENT_CARD = "resident_card"
    """The old 住基カード: it holds nothing that is still valid."""
    PHONE = "phone"
    """A smartphone with the certificate in it: this kiosk reads the card (domain/mynumber-card.md section 8)."""
    NO_CERTIFICATE = "no_certificate"
    EXPIRED = "expired"
    NOT_ACCEPTED = "not_accepted"
    """The centre looked and does not accept it (revoked, reported lost): see reception, no reason on the screen."""


class Advice(StrEnum):
    """One thing the person before the camera can do better."""

    LOOK_HERE = "look_here"
    COME_CLOSER = "come_closer"
    STEP_BACK = "step_back"
    FACE_FRONT = "face_front"
    HOLD_STILL = "hold_still"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    BACK_LIT = "back_lit"
    ONE_PERSON = "one_person"


class FacePrompt(StrEnum):
    """What the person before the camera is asked to do, so that a picture does not pass. Left and right are their own."""

    BLINK = "blink"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    FACE_FRONT = "face_front"


class FaceHint(StrEnum):
    """What would help the next attempt, told with it."""

    TAKE_OFF_MASK = "take_off_mask"
    TAKE_OFF_SUNGLASSES = "take_off_sunglasses"
    FOLLOW = "follow"
    """What was asked was not seen in time."""


class CameraTrouble(StrEnum):
    """What is wrong with the camera, for staff: one sentence each on the board (`HelpReason`, "camera_...")."""

    NOT_THERE = "not_there"
    BUSY = "busy"
    NO_PERMISSION = "no_permission"
    NOT_A_CAMERA = "not_a_camera"
    SILENT = "silent"
    FROZEN = "frozen"
    BLACK = "black"
    UNPLUGGED = "unplugged"


class StaffTrouble(StrEnum):
    """Why code and PIN of a staff member led to nothing, or are asked for again."""

    WRONG = "wrong"
    SLOW_DOWN = "slow_down"
    """Reception takes no further try for a while."""
    UNREACHABLE = "unreachable"
    """Reception, which alone can tell, gave no answer."""
    AGAIN = "again"
    """They were right, but too long ago to decide on."""
    NO_PHOTO = "no_photo"
    """The card has no photo, in print or in the chip: nobody can be compared with it."""


class FrontAdvice(StrEnum):
    """One thing that helps the camera to read the card's front."""

    NOT_SEEN = "card_not_seen"
    OTHER_SIDE = "card_other_side"
    CLOSER = "card_closer"
    HOLD_STILL = "card_hold_still"
    GLARE = "card_glare"


class CheckNumberSource(StrEnum):
    """Where this kiosk gets check number B from (照合番号B, printed on the card's front; it opens the chip's photo)."""

    KNOWN = "known"
    """From the settings of a simulation."""
    TRAY = "tray"
    """A second camera looks at the card as it lies there."""
    SHOW = "show"
    """The patient shows the front to the one camera, then places the card again."""
    TYPED = "typed"
    """Typed in three fields."""
    NONE = "none"


class ChipPhoto(StrEnum):
    """The chip's photo, as far as it can be told before it is opened."""

    READABLE = "readable"
    SHUT = "shut"
    """It is there, but check number B may not be sent (too few tries left), or was sent in vain."""
    ABSENT = "absent"
    """A small child's card: nothing to compare a face with, neither in the chip nor in print."""
