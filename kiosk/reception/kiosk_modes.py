"""Out of service, back, and a new start, from the board: `POST /api/v1/kiosks/{kiosk_id}/pause`, `.../resume`, `.../restart`.

The kiosk answers with the state it reached; until it does, the strip shows what it last said (`kiosk.staff.commands`).
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kiosk.reception import visual
from kiosk.reception.accounts import DESK
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.guard import guarded
from kiosk.reception.session import seat_of
from kiosk.record import RecordError, ids
from kiosk.staff.commands import CommandKind


class KioskModes:
    """The endpoints of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def pause(self, request: Request) -> Response:
        """Nobody begins there until somebody resumes it; the visit that runs goes on to its end."""
        return await self._sent(request, CommandKind.PAUSE)

    async def resume(self, request: Request) -> Response:
        """Back in service."""
        return await self._sent(request, CommandKind.RESUME)

    async def restart(self, request: Request) -> Response:
        """It starts anew once nobody is there: what staff do first where a card reader or a camera is stuck."""
        return await self._sent(request, CommandKind.RESTART)

    async def _sent(self, request: Request, kind: CommandKind) -> Response:
        try:
            kiosk_id = ids.kiosk_id(request.path_params["kiosk_id"])
        except RecordError as error:
            raise RefusedError(404, "no_such_kiosk", "この受付機は見つかりません。") from error
        staff_id = seat_of(request).account.id
        command = await self._desk.store.write(visual.set_mode(kiosk_id, kind, staff_id, ids.new_visit_id()))
        return JSONResponse({"command_id": command.id}, 201)


def routes(desk: Desk) -> list[Route]:
    """What the staff door mounts."""
    endpoints = KioskModes(desk)
    return [
        guarded("/api/v1/kiosks/{kiosk_id}/pause", endpoints.pause, ["POST"], DESK),
        guarded("/api/v1/kiosks/{kiosk_id}/resume", endpoints.resume, ["POST"], DESK),
        guarded("/api/v1/kiosks/{kiosk_id}/restart", endpoints.restart, ["POST"], DESK),
    ]
