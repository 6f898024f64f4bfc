"""The service, whose tasks are tried again each second, and are well again when they ran for three."""

from functools import partial

from service import app as service
from service.control.supervisor import Supervisor
from service.control.task import Restarts

service.Supervisor = partial(Supervisor, restarts=Restarts(longest_pause=1.0, stable=3.0))
app = service.app
