"""Appends events to a user's log from a process of its own, one or a few in each transaction: URL USER COUNT NAME."""

import random
import sys
import time

from sqlalchemy.exc import OperationalError

from service.store import events
from service.store.database import Database
from service.store.url import DatabaseUrl

url, user, count, name = sys.argv[1:]
database = Database(DatabaseUrl(url))
appended = 0
while appended < int(count):
    few = min(random.choice((1, 1, 3)), int(count) - appended)
    try:
        with database.write() as session:
            events.append(session, int(user), *(events.New("message.new", {name: appended + n}, 7) for n in range(few)))
    except OperationalError:
        time.sleep(0.1)
        continue
    appended += few
    time.sleep(0.005)  # a stream and no siege: the lock of SQLite is not fair, and a boot wants it too
