"""One file a screen: `build(appliance, ui) -> list of widgets`. No screen has state, a thread, or an `if lang ==`.

`build` finds the screen of an appliance and builds it; `screen_of` names it (the ids of domain/flow-and-rules.md section
2.3 and section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kiosk.record.consent import ConsentItem
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import (
    AskingLimit,
    CheckedIn,
    ChoosingMethod,
    ChoosingPrescription,
    Committing,
    Comparing,
    Concluding,
    Consenting,
    LookingAtFace,
    NotingArrival,
    OfferingLastTry,
    OfferingRegistration,
    PlacingAgain,
    ProvidingLimit,
    PuttingBack,
    Reading,
    ReadingFront,
    Refused,
    StaffEntrance,
    Stage,
    TakingCard,
    TypingCheckNumber,
    TypingPin,
    Verifying,
)
from kiosk.visit.vocabulary import CardProblem
from screens import (
    check_number,
    checked_in,
    choosing,
    closed,
    comparing,
    comparing_here,
    consent,
    consent_item,
    expiry,
    face,
    farewell,
    front,
    idle,
    last_try,
    limiting,
    looks,
    no_card,
    pin,
    placing_again,
    prescribing,
    putting_back,
    reading,
    refused,
    registering,
    staff_entrance,
    still_there,
    taking_card,
    waiting,
)

Build = Callable[[Appliance, Ui], list[Widget]]

SCREENS: Mapping[str, Build] = {
    "P00": idle.build,
    "P00f": farewell.build,
    "P01": reading.build,
    "E01": refused.build,
    "E02": refused.build,
    "E06": refused.build,
    "E20": refused.build,
    "P02": choosing.build,
    "P03": face.build,
    "P03f": front.build,
    "P03n": check_number.build,
    "P03p": placing_again.build,
    "P04": pin.build,
    "P04l": last_try.build,
    "P05": comparing.build,
    "P05s": staff_entrance.build,
    "P05p": comparing_here.build,
    "P05k": comparing_here.build,
    "P05r": comparing_here.build_reasons,
    "P06": waiting.build,
    "P07": registering.build,
    "P08": consent.build,
    "P09": consent_item.build,
    "P10": consent_item.build,
    "P11": consent_item.build,
    "P11s": consent_item.build,
    "P12": limiting.build,
    "P13": prescribing.build,
    "P14": expiry.build,
    "P16": checked_in.build,
    "P17": taking_card.build,
    "E10": putting_back.build,
    "P90": no_card.build,
    "P97": looks.build,
    "P98": still_there.build,
    "P99": closed.build,
}
"""Every screen by its id."""

_STAGES: Mapping[type[Stage], str] = {
    Reading: "P01",
    ChoosingMethod: "P02",
    LookingAtFace: "P03",
    ReadingFront: "P03f",
    TypingCheckNumber: "P03n",
    PlacingAgain: "P03p",
    TypingPin: "P04",
    OfferingLastTry: "P04l",
    StaffEntrance: "P05s",
    Comparing: "P05",
    Verifying: "P06",
    AskingLimit: "P12",
    ProvidingLimit: "P12",
    OfferingRegistration: "P07",
    ChoosingPrescription: "P13",
    Concluding: "P06",
    NotingArrival: "P06",
    Committing: "P06",
    CheckedIn: "P16",
    TakingCard: "P17",
    PuttingBack: "E10",
}
_REFUSED: Mapping[CardProblem, str] = {
    CardProblem.UNREADABLE: "E01",
    CardProblem.SEVERAL_CARDS: "E01",
    CardProblem.OTHER_CARD: "E02",
    CardProblem.RESIDENT_CARD: "E02",
    CardProblem.PHONE: "E20",
    CardProblem.NO_CERTIFICATE: "E06",
    CardProblem.EXPIRED: "E06",
    CardProblem.NOT_ACCEPTED: "E06",
}
_ITEMS: Mapping[ConsentItem, str] = {
    ConsentItem.MEDICATION: "P09",
    ConsentItem.DIAGNOSIS: "P09",
    ConsentItem.SURGERY: "P10",
    ConsentItem.CHECKUP: "P11",
    ConsentItem.SPECIFIC_DISEASE: "P11s",
}


def screen_of(appliance: Appliance) -> str:
    """The id of the screen that shows this appliance."""
    if appliance.choosing is not None:
        return "P97"
    if appliance.visit is None and appliance.no_card:
        return "P90"
    if appliance.visit is None:
        if not appliance.takes_patients:
            return "P99" if appliance.farewell is None else "P00f"
        return "P00" if appliance.farewell is None or appliance.help_called else "P00f"
    if appliance.visit.warned:
        return "P98"
    match appliance.visit.stage:
        case CheckedIn(tells_expiry=True):
            return "P14"
        case Refused(problem=problem):
            return _REFUSED[problem]
        case Comparing(grant=grant, shown=shown, refusing=refusing) if grant.at_kiosk:
            return "P05r" if refusing else "P05k" if shown else "P05p"
        case Consenting(item=None):
            return "P08"
        case Consenting(item=ConsentItem() as item):
            return _ITEMS[item]
        case stage:
            return _STAGES[type(stage)]


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The widgets of the screen that shows this appliance, in the order they are drawn."""
    return SCREENS[screen_of(appliance)](appliance, ui)
