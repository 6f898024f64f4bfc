"""A small project in which every kind of deployment file starts `python -m probes`; tests plant drift in it."""

from __future__ import annotations

from pathlib import Path

from probes.drift.finding import Finding
from probes.drift.scan import scan

FILES = {
    "image/Dockerfile": """\
        # uvicorn service.app:app is what this replaces
        ARG BASE=debian:trixie-slim
        FROM $BASE AS tools
        RUN python3 -m service.prepare
        CMD ["bash"]

        FROM scratch AS base
        COPY --from=tools / /
        ENTRYPOINT ["python", "-m", "probes"]

        FROM base
        EXPOSE 8000
        HEALTHCHECK --interval=10s \\
          CMD ["python", "-m", "probes", "health"]
        """,
    "Procfile": """\
        web: python -m probes
        worker: WORKER_MODE=true python -m probes
        release: python -m service.prepare
        """,
    "render.yaml": """\
        services:
          - type: web
            name: shop
            runtime: docker
            dockerfilePath: ./image/Dockerfile
            dockerContext: .
            healthCheckPath: /health
            envVars:
              - key: GRACE_PERIOD
                value: "30"
          - type: pserv
            name: native
            runtime: python
            buildCommand: pip install .
            startCommand: python -m probes
          - type: keyvalue
            name: events
            ipAllowList: []
        """,
    "compose.yaml": """\
        services:
          shop:
            build:
              context: .
              dockerfile: image/Dockerfile
            command: --contract /contract.toml
            environment:
              WORKER_MODE: "false"
            healthcheck:
              test: ["CMD", "python", "-m", "probes", "health"]
            ports:
              - "80:8000"
          redis:
            image: redis:8
            command: redis-server --save ""
            ports: ["6379:6379"]
        """,
    "Taskfile.yml": """\
        version: "3"
        tasks:
          run:
            desc: Boot
            cmd: "{{.PYTHON}} -m probes {{.CLI_ARGS}}"
          test:
            cmds:
              - "{{.PYTHON}} -m pytest"
              - cmd: python -m probes check
        """,
    ".github/workflows/ci.yml": """\
        jobs:
          test:
            steps:
              - uses: actions/checkout@v4
              - run: pip install uvicorn
              - run: |
                  set -e
                  python -m probes check
        """,
    "README.md": """\
        # Shop

        Not `uvicorn service.app:app`, but:

        ```sh
        pip install shop && python -m probes
        curl localhost:8000/health
        ```

            python -m probes health

        ```dockerfile
        FROM airlock
        RUN ["python", "-m", "probes", "check"]
        ```

        ```yaml
        healthCheckPath: /health
        ```

        ```python
        os.system("uvicorn service.app:app")
        ```
        """,
    "charts/shop/Chart.yaml": "name: shop\n",
    "charts/shop/values.yaml": """\
        port: 8000
        management: 8001
        command: []
        probes:
          readiness:
            httpGet:
              path: /health
        sidecars:
          - name: proxy
            command: ["nginx"]
        """,
    "charts/shop/templates/api.yaml": """\
        {{- /* python app.py */ -}}
        {{- if .Values.enabled }}
        apiVersion: apps/v1
        kind: Deployment
        spec:
          template:
            spec:
              initContainers:
                - name: prepare
                  image: {{ .Values.image }}
                  command: ["python", "-m", "service.prepare"]
              containers:
                - name: shop
                  image: "{{ .Values.image }}"
                  command:
                  - python
                  - -m
                  - probes
                  env:
                    - name: PORT
                      value: {{ .Values.port | quote }}
                    - name: MANAGEMENT_PORT
                      value: {{ .Values.management | quote }}
                  ports:
                    - containerPort: {{ .Values.port }}
                    - containerPort: 8001
                  livenessProbe:
                    httpGet:
                      path: /healthz
                      port: management
                - name: proxy
                  image: nginx
                  command: ["nginx"]
        {{- end }}
        ---
        kind: ServiceMonitor
        spec:
          endpoints:
            - path: /metrics
        """,
    "charts/shop/templates/tests/ready.yaml": """\
        kind: Pod
        spec:
          containers:
            - name: ready
              image: {{ .Values.image }}
              args: [health, "http://{{ .Release.Name }}/health"]
        """,
    "charts/shop/templates/NOTES.txt": "curl http://localhost:8080/health\n",
    "fly.toml": """\
        [processes]
        app = "python -m probes"

        [env]
        GRACE_PERIOD = "30"

        [http_service]
        internal_port = 8000

        [[http_service.checks]]
        path = "/health"
        """,
    "heroku.yml": """\
        run:
          web: python -m probes
          worker:
            command:
              - WORKER_MODE=true python -m probes
        """,
    "railway.json": """\
        {
          "deploy": {
            "startCommand": "python -m probes",
            "healthcheckPath": "/health"
          }
        }
        """,
    "start.sh": """\
        #!/bin/sh
        # gunicorn is not used
        exec python -m probes
        """,
    "tests/Dockerfile": 'FROM debian\nENTRYPOINT ["uvicorn", "service.app:app"]\n',
    ".venv/pyvenv.cfg": "",
    ".venv/Procfile": "web: uvicorn app:app\n",
    "venv/pyvenv.cfg": "",
    "venv/Procfile": "web: uvicorn app:app\n",
    "CHANGELOG.md": "```sh\nuvicorn service.app:app\n```\n",
    "service/__init__.py": "",
    "service/app.py": "",
    "service/prepare.py": "",
    "service/contract.toml": 'app = "service.app:app"\n',
}


class Project:
    """The project written to a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for path, text in FILES.items():
            self.write(path, text)

    def write(self, path: str, text: str) -> None:
        """Write a file, whose text may be indented."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        indent = len(text) - len(text.lstrip(" "))
        file.write_text("".join(line[min(indent, len(line) - 1) :] for line in text.splitlines(keepends=True)))

    def plant(self, path: str, old: str, new: str) -> list[Finding]:
        """Put `new` in the place of `old`, which has to be there once, and scan."""
        file = self.root / path
        text = file.read_text()
        assert text.count(old) == 1, f"{path} has {old!r} {text.count(old)} times"
        file.write_text(text.replace(old, new))
        return self.findings()

    def findings(self) -> list[Finding]:
        """What a scan finds."""
        return scan(self.root).findings


def only(findings: list[Finding], place: str, *parts: str) -> Finding:
    """The one finding, which is at `place` and whose sentence has all `parts`."""
    assert [str(finding.place) for finding in findings] == [place], "\n".join(map(str, findings))
    finding = findings[0]
    for part in parts:
        assert part in f"{finding}; {finding.resolution}", str(finding)
    return finding
