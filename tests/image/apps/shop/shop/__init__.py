"""An application that knows nothing of the gate."""

from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request

prices = {}
prices["apple"] = 30


def prices_are_there():
    if not prices:
        raise LookupError("no prices were loaded")


@asynccontextmanager
async def lifespan(_app):
    yield {"currency": "EUR"}


app = FastAPI(title="shop", lifespan=lifespan)


@app.get("/prices/{fruit}")
async def price(fruit: str, request: Request) -> dict[str, int | str]:
    if fruit not in prices:
        raise HTTPException(404)
    return {fruit: prices[fruit], "currency": request.state.currency}
