"""Verifying the journal at ``/v1``, for administrators: begin, and look how far it is."""

from __future__ import annotations

from typing import Final

from pricetime import schema
from pricetime.api.endpoints import Call, Endpoint, Reply, Scope


async def begin(call: Call) -> Reply:
    """Verify the chain of hashes of the whole journal, in the background. One runs at a time."""
    began = call.venue.verification.start()
    return Reply(body=_shown(call), status=202 if began else 200)


async def look(call: Call) -> schema.JournalVerification:
    """Return how far the verification is, or how the last one since the start ended."""
    return _shown(call)


def _shown(call: Call) -> schema.JournalVerification:
    verification = call.venue.verification
    return schema.JournalVerification(
        state=verification.state,
        batches_done=verification.done,
        batches_total=verification.total,
        detail=verification.detail,
    )


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/admin/journal/verification",
        handler=begin,
        summary="Verify the journal",
        family="v1",
        scope=Scope.ADMIN,
        response=schema.JournalVerification,
        status=202,
        also=((200, schema.JournalVerification),),
        weight=20,
    ),
    Endpoint(
        method="GET",
        path="/v1/admin/journal/verification",
        handler=look,
        summary="How far is the verification?",
        family="v1",
        scope=Scope.ADMIN,
        response=schema.JournalVerification,
    ),
)
