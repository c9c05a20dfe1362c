"""A target run in a child, as the studio runs its decoder: what kills the child, hangs in it or eats memory is a finding.

One child serves many inputs and is made anew when it died, so that a run goes on (and an input can be made smaller) after
a crash in native code.
"""

from __future__ import annotations

import faulthandler
import os
import resource
import select
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

_LENGTH = struct.Struct("=I")
_DONE, _FINDING = b".", b"!"
_LONGEST_REPORT = 4000
_PATIENCE = 20  # seconds of waiting for one of processor time: the machine may be busy
_RESET = Path("/proc/self/clear_refs")


class Died(Exception):  # noqa: N818 - the word that is told
    """The child did not come back from an input, or it asked for more than it may."""


class Shelter:
    """Runs `target` for one input after the other, each in at most `seconds` of processor time and `megabytes` on top."""

    def __init__(self, target: Callable[[bytes], object], *, seconds: float, megabytes: int) -> None:
        self._target = target
        self._seconds = seconds
        self._megabytes = megabytes
        self._child: tuple[int, int, int] | None = None
        self.children = 0
        """How many were needed."""

    def __call__(self, content: bytes) -> None:
        """Raise `Died` for a finding; an error of the target is one, told in its words."""
        _, to, back = self._child or self._born()
        try:
            os.write(to, _LENGTH.pack(len(content)))
            _write(to, content)
            if not select.select([back], [], [], _PATIENCE * self._seconds)[0]:
                raise Died(f"no answer within {_PATIENCE * self._seconds:g} seconds; {self._end()}")
            answer = os.read(back, _LONGEST_REPORT)
        except BrokenPipeError:
            answer = b""
        if not answer:
            raise Died(self._end())
        if answer != _DONE:
            raise Died(answer.removeprefix(_FINDING).decode(errors="replace"))

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None:
            self._end()

    def _end(self) -> str:
        """End the child; how it ended, in words."""
        if self._child is None:
            return "there was no child"
        child, to, back = self._child
        self._child = None
        os.close(to)
        os.close(back)
        ended, status = os.waitpid(child, os.WNOHANG)
        if not ended:
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
        code = os.waitstatus_to_exitcode(status)
        return f"the child ended with {signal.Signals(-code).name if code < 0 else code}"

    def _born(self) -> tuple[int, int, int]:
        theirs, to = os.pipe()
        back, ours = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            os.close(to)
            os.close(back)
            code = 1
            try:
                self._serve(theirs, ours)
                code = 0
            finally:
                os._exit(code)
        os.close(theirs)
        os.close(ours)
        self._child = (child, to, back)
        self.children += 1
        return self._child

    def _serve(self, inputs: int, answers: int) -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        faulthandler.disable()  # the parent tells how it ended
        # Nothing it opens may outlive the parent, and a parent that ends closes `inputs`.
        with os.fdopen(inputs, "rb") as stream:
            while header := stream.read(_LENGTH.size):
                content = stream.read(_LENGTH.unpack(header)[0])
                try:
                    self._measured(content)
                except BaseException:  # noqa: BLE001 - all of it is told to the parent
                    os.write(answers, _FINDING + traceback.format_exc()[-_LONGEST_REPORT + 1 :].encode()[-3000:])
                else:
                    os.write(answers, _DONE)

    def _measured(self, content: bytes) -> None:
        _RESET.write_text("5")  # the most it ever had, proc(5)
        had, began = _kilobytes("VmRSS"), time.process_time()
        self._target(content)
        spent, grown = time.process_time() - began, (_kilobytes("VmHWM") - had) / 1024
        if spent > self._seconds or grown > self._megabytes:
            raise Died(f"one input took {spent:.2f} s of processor time and {grown:.0f} MB")


def _kilobytes(field: str) -> int:
    return int(Path("/proc/self/status").read_text().split(f"\n{field}:")[1].split()[0])


def _write(to: int, content: bytes) -> None:
    at = 0
    while at < len(content):
        at += os.write(to, content[at : at + 65536])
