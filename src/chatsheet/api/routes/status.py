"""What the page shows of the server itself: the model, its routes, and whether LiteLLM is up."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from chatsheet.api.deps import Served

router = APIRouter(tags=["status"])


class RouteStatus(BaseModel):
    """A route to the model as settings name it."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Literal["litellm", "azure", "openai", "compatible"]
    is_private: bool
    is_ours: bool


class Status(BaseModel):
    """The server as the page needs it; `litellm_pid` is the LiteLLM process that we run, while it runs."""

    model_config = ConfigDict(frozen=True)

    model: str
    routes: tuple[RouteStatus, ...]
    litellm_pid: int | None


@router.get("/api/status")
async def status(services: Served) -> Status:
    """Return the model, its routes and whether LiteLLM runs."""
    sidecar = services.records.sidecar()
    return Status(
        model=services.settings.llm.model,
        routes=tuple(
            RouteStatus(name=r.name, kind=r.kind, is_private=r.network.is_private, is_ours=r.is_ours)
            for r in services.gateway.plan.routes
        ),
        litellm_pid=sidecar.litellm_pid if sidecar else None,
    )


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process serves; it says nothing of routes."""
    return {"status": "ok"}
