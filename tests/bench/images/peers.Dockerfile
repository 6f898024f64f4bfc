# The peers of the image: the same service with the same versions, put into images in the ways that are documented for
# them and started with plain Hypercorn. Neither runs as root. Their database has its schema from the build, so that they
# are spared what our boot does itself: no image for use should have one in it.

# The venv for both, with pip's defaults: it compiles what it installs.
FROM debian:trixie-slim AS venv
RUN apt-get update -qq && apt-get install -qq --no-install-recommends python3-venv >/dev/null \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt
RUN python3 -m venv /venv
COPY image/requirements.txt /
RUN /venv/bin/pip install --quiet --disable-pip-version-check -r /requirements.txt
RUN install -d -o 65532 -g 65532 /data

# As distroless' own examples/python3-requirements: a venv from the same Debian, the code in /app. (It upgrades pip and
# adds setuptools and wheel as well; nothing needs them here, and the peer is smaller without.)
FROM distroless-python3:debian13 AS distroless
COPY --from=venv /venv /venv
COPY probes /app/probes
COPY service /app/service
WORKDIR /app
COPY --from=venv --chown=65532:65532 /data /data
USER 65532:65532
ENV DATA_DIR=/data
RUN ["/venv/bin/python3", "-m", "service", "migrate"]
ENTRYPOINT ["/venv/bin/python3", "-m", "hypercorn", "--bind", "0.0.0.0:8000", "service.app:app"]

# As most people do it: Debian with Python and a venv, the project installed into it. Debian compiles its library.
FROM venv AS debian
RUN --mount=target=/src,rw /venv/bin/pip install --quiet --disable-pip-version-check --no-deps /src
USER 65532:65532
ENV DATA_DIR=/data
RUN ["/venv/bin/python3", "-m", "service", "migrate"]
ENTRYPOINT ["/venv/bin/python3", "-m", "hypercorn", "--bind", "0.0.0.0:8000", "service.app:app"]
