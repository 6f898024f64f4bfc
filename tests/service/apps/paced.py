from service.app import app as app
from service.worker import engine

engine.PACE = {"limit": 2, "period": 8.0}
