"""`python -m kiosk.simulation.centre`: the command without the rest of the command line."""

import argparse
import sys

from kiosk.errors import KioskError
from kiosk.simulation.centre.command import add_arguments, simulate_centre

parser = argparse.ArgumentParser(description="a simulated eligibility centre")
add_arguments(parser)
try:
    sys.exit(simulate_centre(parser.parse_args()))
except KioskError as error:
    sys.stderr.write(f"{error.sentence}\n")
    sys.exit(error.exit_code)
