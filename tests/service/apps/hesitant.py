"""The service, which hesitates before each transaction: a kill falls between any two of them sooner or later."""

import random
import time

from sqlalchemy import Engine, event

from service.app import app

__all__ = ["app"]

event.listen(Engine, "begin", lambda _: time.sleep(random.uniform(0, 0.02)))
