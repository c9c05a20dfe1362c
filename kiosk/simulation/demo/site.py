"""Everything a kiosk needs around it, on this machine only: card, centre, camera, reception, and the kiosk's settings."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import yaml

from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.errors import MissingError
from kiosk.simulation import card_control
from kiosk.simulation.demo.children import Child, Line

Say = Callable[[str], None]

CLINIC = "みほん内科クリニック"
STAFF = ({"id": "s01", "name": "受付 さくら"}, {"id": "s02", "name": "受付 けやき"})
START_SECONDS = 30.0


@dataclass(frozen=True)
class Site:
    """What was started: the kiosk's settings file, the board's address, and what a person must know of the card.

    `sign_in`: for each of the desk's people a link that signs in, once, within ten minutes (`kiosk.reception.site_staff`).
    """

    folder: Path
    kiosk_yaml: Path
    board_url: str
    sign_in: dict[str, str]
    pin: str
    check_number_b: str
    kind: str
    card_front: str
    control: Path
    camera: Child | None
    centre: Child
    at_the_desk: list[Child]
    sessions: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)

    def signed_in(self, staff_id: str) -> dict[str, str]:
        """The cookies of a browser in which one of the desk's people is signed in: by the link the first time."""
        if staff_id not in self.sessions:
            with httpx.Client(trust_env=False, timeout=10) as browser:
                browser.get(self.sign_in[staff_id])
                self.sessions[staff_id] = dict(browser.cookies)
        return self.sessions[staff_id]

    @property
    def reception(self) -> Child:
        """The reception that runs now."""
        return self.at_the_desk[-1]

    def restart_reception(self) -> None:
        """Start reception again, behind the same doors, after it was ended or killed."""
        self.reception.end()
        words = ["reception", "--config", str(self.folder / "reception.yaml")]
        self.at_the_desk.append(Child(words, self.folder / f"reception-{len(self.at_the_desk)}.log"))
        self.reception.ready(START_SECONDS)

    def show(self, what: str) -> None:
        """Hold something before the simulated camera: `face` or the card's `front` (`kiosk.simulation.camera_stage`)."""
        if self.camera is not None:
            self.camera.say(what)

    def hears(self, line: Line) -> None:
        """A line of the kiosk's journal: whoever sits before the simulated camera does what the screen asks."""
        if self.camera is not None and line.get("event") == "prompt":
            with contextlib.suppress(MissingError):  # the camera ended: there is nobody to answer
                self.camera.say(f"ask {line.get('prompt')}")

    def place(self) -> None:
        """Lay the card on the reader."""
        card_control.ask(self.control, "place")

    def pull(self) -> None:
        """Take the card away."""
        card_control.ask(self.control, "pull")

    def audit(self) -> list[str]:
        """What the card was asked for and must never be: the 12-digit number in any form."""
        noted = card_control.ask(self.control, "audit").get("audit")
        return [str(line) for line in noted] if isinstance(noted, list) else []


@contextlib.contextmanager
def site(
    folder: Path,
    say: Say,
    *,
    sitter: str,
    scene: str = "living",
    camera: str | None,
    window: bool,
    panel: tuple[int, int, float],
    kind: str = "ordinary",
    card_front: str = "known",
    answer: str | None = None,
) -> Iterator[Site]:
    """Start it all, hand it over, and end it all. Raises `KioskError` where something cannot be had.

    `sitter` and `scene`: who is before the simulated camera (`kiosk simulate camera --help`); they answer what is asked if
    the kiosk's journal is handed to `Site.hears`. `kind` of card (`kiosk.simulation.kinds`); `card_front`: how the kiosk gets check number B (`known`: it is told).
    `answer`: what the centre answers for everybody (`kiosk.simulation.answers`).
    """
    with contextlib.ExitStack() as stack:

        def start(*words: str) -> Child:
            child = Child(words, folder / f"{words[0] if words[0] == 'reception' else words[1]}.log")
            stack.callback(child.end)
            return child

        # Reception and camera need nothing of the card: they come up while it is issued.
        reception_yaml = folder / "reception.yaml"
        _write(reception_yaml, _reception(folder))
        # Whoever is reception when it ends: it may have been started again meanwhile.
        at_the_desk = [start("reception", "--config", str(reception_yaml))]
        stack.callback(lambda: at_the_desk[-1].end())  # noqa: PLW0108  (looked up when it ends)
        # A short path of its own: the address of a socket holds 107 bytes.
        filming = (
            start("simulate", "camera", "--socket", str(folder / "camera"), "--sitter", sitter, "--scene", scene)
            if camera is None
            else None
        )

        say("a virtual My Number Card and a private card reader")
        issued = folder / "card"
        patients = folder / "patients.json"
        patients.write_text("{}", encoding="utf-8")
        words = ("--folder", str(issued), "--issue", "--kind", kind, "--patients", str(patients))
        card = start("simulate", "card", *words).ready(START_SECONDS)
        (folder / "kiosk-public.pem").write_bytes(KioskKey.create(folder / "kiosk.key").public_pem())

        say("a simulated eligibility centre")
        root = Path(str(card["root"]))
        centre_words = ["--folder", str(folder / "centre"), "--card-root", str(root)]
        centre_words += ["--kiosk-key", str(folder / "kiosk-public.pem"), "--patients", str(patients)]
        centre_words += [] if answer is None else ["--answer", answer]
        answering = start("simulate", "centre", *centre_words)
        centre = answering.ready(START_SECONDS)

        say("your camera" if filming is None else "a camera")
        if filming is not None:
            camera = str(filming.ready(START_SECONDS)["camera"])
            if card_front == "show":
                filming.say(f"card {issued}")

        say("reception")
        reception = at_the_desk[0].ready(START_SECONDS)
        _write(reception_yaml, _reception(folder, reception))

        kiosk_yaml = folder / "kiosk.yaml"
        settings = _kiosk(folder, card, centre, reception, str(camera), root)
        settings["card_front"] = "typed" if card_front == "known" else card_front
        if card_front == "tray":
            say("a second camera over the card")
            looking = ("--socket", str(folder / "tray"), "--card-front", str(issued))
            over_the_card = start("simulate", "camera", *looking).ready(START_SECONDS)["camera"]
            settings["face"] = {"camera": str(camera), "card_camera": str(over_the_card)}
        if card_front == "known" and card["check_number_b"]:
            settings["simulation"] = {"check_number_b": str(card["check_number_b"])}
        width, height, inches = panel
        settings["display"] = {
            "width": width,
            "height": height,
            "diagonal_inches": inches,
            "window": window,
            "languages": "all",
        }
        _write(kiosk_yaml, settings)
        control = Path(str(card["control"]))
        board, pin = str(reception["staff_door"]), str(card["pin"] or "")
        links = reception.get("sign_in")
        yield Site(
            folder,
            kiosk_yaml,
            board,
            {str(who): str(link) for who, link in links.items()} if isinstance(links, dict) else {},
            pin,
            str(card["check_number_b"] or ""),
            kind,
            card_front,
            control,
            filming,
            answering,
            at_the_desk,
        )


def _write(path: Path, settings: dict[str, object]) -> None:
    path.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")


def _port(url: object) -> int:
    return urlsplit(str(url)).port or 0


def _reception(folder: Path, ready: Line | None = None) -> dict[str, object]:
    """Reception's settings; once it runs, with the ports it was given, so that it comes back behind the same doors."""
    doors = {} if ready is None else ready
    return {
        "site": "test",
        "clinic": CLINIC,
        "database": str(folder / "reception.db"),
        "key_file": str(folder / "reception.key"),
        "kiosk_door": {"host": "127.0.0.1", "port": _port(doors.get("kiosk_door", ""))},
        "staff_door": {"host": "127.0.0.1", "port": _port(doors.get("staff_door", ""))},
        "test_staff": [dict(member) for member in STAFF],
    }


def _kiosk(folder: Path, card: Line, centre: Line, reception: Line, camera: str, root: Path) -> dict[str, object]:
    return {
        "site": "test",
        "kiosk_id": "kiosk-a",
        "clinic": CLINIC,
        "card": {"trust": [{"file": str(root), "simulated": True}], "pcsc_socket": str(card["socket"])},
        "face": {"camera": camera},
        "eligibility": {
            "gateway": "centre",
            "key_file": str(folder / "kiosk.key"),
            "centre": {"url": str(centre["url"]), "ca_file": str(centre["ca_file"])},
        },
        "delivery": {"urls": [str(reception["kiosk_door"])], "folder": str(folder / "kiosk-state")},
    }
