"""The commands: `kiosk run | demo | reception | simulate | check | tour | bench`. A page each, no logic.

Every command has --help. Exit codes: 0 done, 1 our bug, 2 usage or settings, 3 something is missing, 4 identity not
confirmed, 5 not delivered in time.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import kiosk
from kiosk.errors import ExitCode, KioskError, UsageError

CONFIG_VARIABLE = "KIOSK_CONFIG"


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line; the process's exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    args = _parser(words).parse_args(words)
    try:
        return int(args.command(args))
    except KioskError as error:
        print(f"kiosk: {error.sentence}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 128 + 2


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    from kiosk.simulation import options

    parser = argparse.ArgumentParser(prog="kiosk", description="A self check-in kiosk for clinics in Japan.")
    parser.add_argument("--version", action="version", version=f"kiosk {kiosk.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="the kiosk itself", description="Run the kiosk on this machine's panel.")
    _config(run, "kiosk.yaml")
    run.set_defaults(command=_run)

    demo = commands.add_parser(
        "demo", help="the whole thing on embedded defaults", description="See it work, or play it."
    )
    options.add_demo_options(demo)
    demo.set_defaults(command=_demo)

    reception = commands.add_parser(
        "reception", help="the service at the desk", description="Run reception: doors, board."
    )
    _config(reception, "reception.yaml")
    reception.add_argument(
        "--check", action="store_true", help="do not serve: look at every part, and say in words what is missing"
    )
    reception.set_defaults(command=_reception)

    check = commands.add_parser(
        "check", help="what is missing, in words", description="Look at every part of this kiosk."
    )
    _config(check, "kiosk.yaml")
    check.set_defaults(command=_check)

    tour = commands.add_parser("tour", help="every screen as a picture", description="Every screen in every look.")
    if "tour" in words:
        from screens import tour as pictures

        pictures.add_arguments(tour)
        tour.set_defaults(command=_tour)

    bench = commands.add_parser("bench", help="measure on your own pictures", description="Measure, on any pictures.")
    _add_benches(bench, words)

    simulate = commands.add_parser(
        "simulate", help="a piece of the outside world", description="For demo and tests only."
    )
    options.add_things(simulate, words)
    return parser


def _add_benches(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """Only the bench that is named is imported: OpenCV takes its time."""
    benches = parser.add_subparsers(title="what", required=True, metavar="THING")
    face = benches.add_parser("face", help="false match and false non-match rates of a face engine on a list of pairs")
    if "face" in words:
        from kiosk.face.bench import face as room

        room.add_arguments(face)
        face.set_defaults(command=room.run)
    live = benches.add_parser("liveness", help="how often attacks pass, and people do not, on films or moved pictures")
    if "liveness" in words:
        from kiosk.face.bench import liveness as films

        films.add_arguments(live)
        live.set_defaults(command=films.run)


def _config(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument("--config", type=Path, metavar="F", help=f"settings ({name}; else ${CONFIG_VARIABLE})")


def _config_of(args: argparse.Namespace) -> Path:
    path: Path | None = args.config
    if path is None and os.environ.get(CONFIG_VARIABLE):
        path = Path(os.environ[CONFIG_VARIABLE])
    if path is None:
        raise UsageError(f"no settings: give --config FILE, or name the file in {CONFIG_VARIABLE}")
    return path


def _run(args: argparse.Namespace) -> int:
    import screens
    from kiosk import configuration, journal, secrecy
    from kiosk.app import App

    settings = configuration.read(_config_of(args))
    journal.start()
    secrecy.keep()
    secrecy.overwrite_what_is_freed()
    App(settings, screens.build, screens.screen_of).run()
    return ExitCode.DONE


def _reception(args: argparse.Namespace) -> int:
    from kiosk import journal, settings
    from kiosk.reception.service import serve
    from kiosk.reception.settings import ReceptionSettings

    told = settings.read(_config_of(args), ReceptionSettings)
    if args.check:
        from kiosk.reception.selfcheck import check

        return check(told, print)
    journal.start()
    return serve(told)


def _check(args: argparse.Namespace) -> int:
    from kiosk import configuration
    from kiosk.health.selfcheck import check

    return check(configuration.read(_config_of(args)), print)


def _tour(args: argparse.Namespace) -> int:
    from kiosk.simulation.portrait_pictures import picture_source
    from screens import tour

    def tell(line: str) -> None:
        print(line, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)

    try:
        drawn = tour.write(args.out, args.only, args.jobs, tell, picture_source)
    except tour.OnlyError as error:
        raise UsageError(str(error)) from error
    print(f"{drawn} pictures: open {args.out / 'index.html'}")
    return ExitCode.DONE


def _demo(args: argparse.Namespace) -> int:
    from kiosk.simulation.demo.command import demo

    return demo(args)


if __name__ == "__main__":
    raise SystemExit(main())
