# The workers' image: for Dataflow, and as the worker pool beside a Flink task manager (arguments: --worker_pool).
#
#   docker build --tag IMAGE .
#   docker build --tag IMAGE --build-arg MODEL=model .    with a model folder of this checkout, as /opt/eclip/model
#   docker build --tag IMAGE --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cpu .    without a GPU
#
# Beam and the minor version of Python must be those of the machine that calls `eclip run`. PyPI's torch brings its own
# CUDA; the driver is the machine's.
ARG PYTHON=3.11
ARG BEAM=2.77.0

FROM apache/beam_python${PYTHON}_sdk:${BEAM} AS beam

FROM python:${PYTHON}-slim AS wheel
COPY . /source
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels /source

FROM python:${PYTHON}-slim
ARG TORCH_INDEX=https://pypi.org/simple
COPY --from=beam /opt/apache/beam /opt/apache/beam
COPY --from=wheel /wheels /wheels
COPY constraints.txt /wheels/
RUN pip install --no-cache-dir --extra-index-url ${TORCH_INDEX} --constraint /wheels/constraints.txt \
        "$(echo /wheels/*.whl)[models,gcp,s3]" && \
    pip check && rm -r /wheels
# Packages with rules of one's own go here: RUN pip install mypkg

# Without a model of one's own the licence takes its place: COPY wants a file.
ARG MODEL=LICENSE
COPY ${MODEL} /opt/eclip/model/

# Everything is installed: workers start without an environment of their own.
ENV RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1
ENTRYPOINT ["/opt/apache/beam/boot"]
