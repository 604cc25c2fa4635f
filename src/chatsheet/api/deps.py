"""What a route may ask for: the services of this process, and who asks."""

from typing import Annotated, cast

from fastapi import Depends, Request

from chatsheet.core.identity import LOCAL, Actor
from chatsheet.wiring import Services

# async, though they wait for nothing: FastAPI sends a plain function to a thread, which costs more than many a request


async def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)  # set once in app.create


async def _actor() -> Actor:
    return LOCAL  # local mode has one user; login modes bring others


Served = Annotated[Services, Depends(_services)]
By = Annotated[Actor, Depends(_actor)]
