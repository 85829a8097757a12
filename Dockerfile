FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md ./
COPY fhir_server fhir_server
COPY mappings mappings
COPY profiles profiles
COPY terminology terminology
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv /opt/fhir-server \
    && /opt/fhir-server/bin/pip install --no-cache-dir --constraint constraints.txt /wheels/*.whl

FROM python:3.12-slim
COPY --from=build /opt/fhir-server /opt/fhir-server
RUN useradd --system --user-group --uid 10001 fhir && install --directory --owner=fhir --group=fhir /data
USER fhir
WORKDIR /data
VOLUME /data
ENV PATH="/opt/fhir-server/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    FHIR_SERVER_HOST=0.0.0.0 \
    FHIR_SERVER_STORE=sqlite:////data/fhir.sqlite
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health/ready', timeout=2)"]
CMD ["fhir-server", "serve"]
