"""Takes memory until there is no more."""


def eat():
    print("eating", flush=True)
    eaten = []
    while True:
        eaten.append(b"x" * (1 << 20))


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    eat()
