"""The commands: `kiosk run | demo | reception | enrol | simulate | check | tour | bench`. A page each, no logic.

Every command has --help. Exit codes: 0 done, 1 our bug, 2 usage or settings, 3 something is missing, 4 identity not
confirmed, 5 not delivered in time.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import kiosk
from kiosk.errors import ExitCode, KioskError, UsageError

CONFIG_VARIABLE = "KIOSK_CONFIG"
STARTED_BY_VARIABLE = "KIOSK_STARTED_BY"
"""The command from the board by which a kiosk started itself anew."""


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
    parser = argparse.ArgumentParser(prog="kiosk", description="A self check-in kiosk for clinics in Japan.")
    parser.add_argument("--version", action="version", version=f"kiosk {kiosk.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="the kiosk itself", description="Run the kiosk on this machine's panel.")
    _config(run, "kiosk.yaml")
    run.set_defaults(command=_run)

    demo = commands.add_parser(
        "demo", help="the whole thing on embedded defaults", description="See it work, or play it."
    )
    demo.set_defaults(command=_demo)

    reception = commands.add_parser(
        "reception", help="the service at the desk", description="Run reception: doors, board."
    )
    _config(reception, "reception.yaml")
    reception.add_argument(
        "--check", action="store_true", help="do not serve: look at every part, and say in words what is missing"
    )
    reception.set_defaults(command=_reception)
    _add_reception_actions(reception)

    enrol = commands.add_parser(
        "enrol",
        help="pair this kiosk with reception",
        description="Pair this kiosk: compare six digits on reception's page.",
    )
    _config(enrol, "kiosk.yaml")
    enrol.add_argument(
        "--reception", required=True, metavar="URL", help="reception's staff door: https://reception.internal:8442"
    )
    enrol.set_defaults(command=_enrol)

    audit = commands.add_parser("audit", help="is reception's audit log whole", description="Look at the audit log.")
    looks = audit.add_subparsers(title="what", required=True, metavar="ACTION")
    verify = looks.add_parser("verify", help="read all of it, and say in words whether it is as it was written")
    _config(verify, "reception.yaml")
    verify.set_defaults(command=_audit_verify)

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
    if "demo" in words or "simulate" in words:  # the kiosk itself starts sooner, and smaller, without its simulation
        from kiosk.simulation import options

        options.add_demo_options(demo)
        options.add_things(simulate, words)
    return parser


def _add_reception_actions(reception: argparse.ArgumentParser) -> None:
    actions = reception.add_subparsers(title="instead of serving", metavar="ACTION")
    init = actions.add_parser(
        "init", help="make its keys and the first administrator", description="Make every key once, and back them up."
    )
    restore = actions.add_parser(
        "restore", help="put lost keys back from the backup", description="Put back what is missing; change nothing."
    )
    token = actions.add_parser(
        "token", help="let a program read the feed", description="Make, or take back, a program's token (docs/feed.md)."
    )
    token.add_argument("--name", required=True, metavar="NAME", help="what the program is called here: emr")
    token.add_argument("--revoke", action="store_true", help="take its token back instead")
    token.set_defaults(command=_reception_token)
    invite = actions.add_parser(
        "invite",
        help="a new link for who cannot sign in",
        description="For when no administrator can sign in any more.",
    )
    invite.add_argument("--id", default="admin", metavar="ID", help="whose (admin)")
    invite.set_defaults(command=_reception_invite)
    renew = actions.add_parser(
        "renew-authority",
        help="another intermediate before the old one ends",
        description="Make another intermediate under the same root, and the backup anew; kiosks stay paired.",
    )
    renew.add_argument("--backup", type=Path, metavar="FILE", required=True, help="the newest backup; written anew")
    renew.set_defaults(command=_reception_renew_authority)
    for action in (init, restore, renew, token, invite):
        action.add_argument("--config", type=Path, metavar="F", default=argparse.SUPPRESS, help="settings")
    for action in (init, restore, renew):
        action.add_argument("--passphrase-file", type=Path, metavar="F", help="instead of asking for it (mode 0600)")
    init.add_argument(
        "--backup",
        type=Path,
        metavar="FILE",
        help="where the backup is written (reception-keys.backup beside the settings)",
    )
    init.add_argument("--administrator", default="admin", metavar="ID", help="who signs in first (admin)")
    init.add_argument("--name", default="管理者", help="that person's name on pages")
    init.set_defaults(command=_reception_init)
    restore.add_argument("--backup", type=Path, metavar="FILE", required=True, help="the backup that init wrote")
    restore.set_defaults(command=_reception_restore)


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
    from kiosk import configuration, journal, lean, secrecy

    lean.give_memory_back()
    lean.begin()
    # pygame asks it, where it is installed, for files of its own that lie beside it anyway: 6 MB and 60 ms.
    with lean.without("pkg_resources"):
        import screens
        from kiosk.app import App

    config = _config_of(args)
    settings = configuration.read(config)
    journal.start()
    secrecy.keep()
    secrecy.overwrite_what_is_freed()
    started_by = os.environ.get(STARTED_BY_VARIABLE)
    again = App(settings, screens.build, screens.screen_of, partial(configuration.read, config), started_by).run()
    if again is not None:
        # Nothing of this life is left but its process number, which whoever supervises it knows.
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | {STARTED_BY_VARIABLE: again})  # noqa: S606
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


def _reception_init(args: argparse.Namespace) -> int:
    from kiosk import settings
    from kiosk.reception import init
    from kiosk.reception.settings import ReceptionSettings

    path = _config_of(args)
    told = settings.read(path, ReceptionSettings)
    first = init.Administrator(args.administrator, args.name)
    backup = args.backup or path.parent / "reception-keys.backup"
    init.init(told, first, backup, lambda: _passphrase(args.passphrase_file, twice=True), _tell)
    return ExitCode.DONE


def _reception_invite(args: argparse.Namespace) -> int:
    from kiosk import settings
    from kiosk.reception import init
    from kiosk.reception.settings import ReceptionSettings

    init.invite(settings.read(_config_of(args), ReceptionSettings), args.id, _tell)
    return ExitCode.DONE


def _reception_restore(args: argparse.Namespace) -> int:
    from kiosk import settings
    from kiosk.reception import init
    from kiosk.reception.settings import ReceptionSettings

    told = settings.read(_config_of(args), ReceptionSettings)
    init.restore(told, args.backup, lambda: _passphrase(args.passphrase_file, twice=False), _tell)
    return ExitCode.DONE


def _reception_renew_authority(args: argparse.Namespace) -> int:
    from kiosk import settings
    from kiosk.reception.renew_authority import renew_authority
    from kiosk.reception.settings import ReceptionSettings

    told = settings.read(_config_of(args), ReceptionSettings)
    renew_authority(told, args.backup, lambda: _passphrase(args.passphrase_file, twice=False), _tell)
    return ExitCode.DONE


def _reception_token(args: argparse.Namespace) -> int:
    from kiosk import settings
    from kiosk.reception import machines
    from kiosk.reception.settings import ReceptionSettings

    told = settings.read(_config_of(args), ReceptionSettings)
    machines.manage(told, args.name, take_back=args.revoke, tell=_tell)
    return ExitCode.DONE


def _passphrase(file: Path | None, *, twice: bool) -> str:
    from getpass import getpass

    from kiosk import settings

    if file is not None:
        try:
            return settings.read_secret(file).decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise UsageError(f"{file}: is not text in UTF-8") from error
    if not sys.stdin.isatty():
        raise UsageError("nobody is at the terminal to type the passphrase: give --passphrase-file FILE")
    typed = getpass("Passphrase for the keys' backup (12 characters or more): ")
    if twice and getpass("Once more: ") != typed:
        raise UsageError("the two passphrases differ; run this again")
    return typed


def _tell(line: str) -> None:
    print(line, flush=True)


def _enrol(args: argparse.Namespace) -> int:
    from kiosk import configuration
    from kiosk.delivery import enrolment
    from kiosk.record import ids

    settings = configuration.read(_config_of(args))
    enrolment.enrol(settings.delivery, ids.kiosk_id(settings.kiosk_id), args.reception, _tell)
    return ExitCode.DONE


def _audit_verify(args: argparse.Namespace) -> int:
    from kiosk import settings
    from kiosk.reception.audit_check import verify
    from kiosk.reception.settings import ReceptionSettings

    return verify(settings.read(_config_of(args), ReceptionSettings), print)


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
