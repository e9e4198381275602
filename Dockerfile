# The page on CPUs, small: ONNX Runtime runs the bundled models. PyTorch, which only training and other projects'
# checkpoints need, is left out. A Hugging Face Space builds the same image.
#
#     docker build -t pix2pix .
#     docker run --read-only --tmpfs /tmp -p 7860:7860 --memory 2g --cpus 2 pix2pix
FROM python:3.11-slim AS build
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels ".[demo]"

FROM python:3.11-slim
RUN --mount=from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links=/wheels "pix2pix[demo]"
RUN useradd --uid 1000 --no-create-home page
USER page
WORKDIR /tmp
# All that is written goes below /tmp: uploads, results, and models fetched from the Hub.
ENV GRADIO_SERVER_NAME=0.0.0.0 GRADIO_TEMP_DIR=/tmp/gradio HF_HOME=/tmp/huggingface PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
EXPOSE 7860
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/health', timeout=4)"
STOPSIGNAL SIGTERM
CMD ["pix2pix-demo", "--log", "--models", "paint2emoji", "edges2handbags", "edges2cats", "edges2shoes", "labels2facade", "map2sat", "sat2map"]
