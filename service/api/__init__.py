"""The HTTP resources, one a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Route

from service.api.about import About
from service.api.debug_config import DebugConfig

if TYPE_CHECKING:
    from service.instance import Instance
    from service.settings import Settings
    from service.store.opened import Store
    from service.store.queue import Queue


def routes(settings: Settings, instance: Instance, _store: Store, _queue: Queue) -> list[BaseRoute]:
    """What this process serves in its mode; a worker says only what it is."""
    served: list[BaseRoute] = [Route("/", About(instance).get)]
    if settings.debug_config and settings.mode != "worker":
        served.append(Route("/debug-config", DebugConfig(settings).get))
    return served
