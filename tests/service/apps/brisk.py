from datetime import timedelta
from functools import partial

from service.app import Application, build
from service.control import tasks

app = Application(partial(build, work=partial(tasks.tasks, term=timedelta(seconds=3))))
