"""The service, with a resource that fails and one that ignores its request's body."""

from starlette.responses import PlainTextResponse
from starlette.routing import Route

from service.app import Application, build


async def boom(request):
    raise RuntimeError("the kettle is cold")


async def deaf(request):
    return PlainTextResponse("heard nothing")


def build_faulty(settings):
    built = build(settings)
    built.router.routes += [Route("/boom", boom), Route("/deaf", deaf, methods=["POST"])]
    return built


app = Application(build_faulty)
