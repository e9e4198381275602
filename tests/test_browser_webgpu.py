"""The engine in Chromium: its worker, and its WebGPU kernels on a software adapter."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator

import pytest
from browser import CHROMIUM, FLAGS
from places import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SOFTWARE = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--use-vulkan=swiftshader"]
MODEL = "/checkpoints/labels2facade/"  # relu6, so that all features of the kernels are used

COMPARE = """async (model) => {
    const load = (name) => import(`/demo/web/engine/${name}.js`);
    const get = async (url, how) => (await fetch(url))[how]();
    const [{ Network }, { GpuNetwork, realAdapter }, { readTensors }] =
        await Promise.all(['network', 'gpu', 'checkpoint'].map(load));
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) return null;
    const config = await get(`${model}config.json`, 'json');
    const tensors = readTensors(await get(`${model}model.safetensors`, 'arrayBuffer'));
    const kernels = await WebAssembly.compile(await get('/demo/web/engine/kernel/plain.wasm', 'arrayBuffer'));
    const network = new Network(kernels, config.generator, tensors, 256);
    const picture = Float32Array.from({ length: 3 * 65536 }, (_, i) => Math.sin(i * i));
    network.encode(picture);
    const gpu = await GpuNetwork.open(network, adapter);
    gpu.encode(picture);
    let worst = 0;
    for (const [rate, seed] of [[0.5, 3], [0, 0]]) {
        const expected = network.decode(rate, seed), found = await gpu.decode(rate, seed);
        worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), worst);
    }
    gpu.device.destroy();
    let lost = '';
    await gpu.device.lost;
    await gpu.decode(0.5, 3).catch((error) => { lost = error.message; });
    return { worst, lost, real: await realAdapter() !== null };
}"""
OPEN = """async (modelUrl) => {
    const { openEngine } = await import('/demo/web/engine/index.js');
    const engine = await openEngine({ modelUrl });
    const white = new Uint8ClampedArray(262144).fill(255);
    const pictures = await engine.variations(white, { seeds: [1, 2] });
    engine.close();
    return [engine.by, pictures.map((each) => [...each.slice(0, 4)])];
}"""


class Files(http.server.SimpleHTTPRequestHandler):
    extensions_map = {".js": "text/javascript", ".wasm": "application/wasm", "": "application/octet-stream"}  # noqa: RUF012

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def page() -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install -r requirements-dev.txt")
    if CHROMIUM is None:
        pytest.skip("needs Chromium: `apt-get install chromium`, or set CHROMIUM to its path")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=str(ROOT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    flags = [flag for flag in FLAGS if flag != "--disable-gpu"]
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=[*flags, *SOFTWARE])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/demo/web/engine/package.json")
        yield page
        browser.close()
    server.shutdown()


def test_webgpu_gives_the_pictures_of_webassembly(page):
    result = page.evaluate(COMPARE, MODEL)
    if result is None:
        pytest.skip("this Chromium has no WebGPU adapter in software")
    assert result["worst"] <= 1e-3
    assert result["lost"], "a lost device must be told of"
    assert not result["real"], "an adapter in software must not be chosen"


def test_a_worker_translates_in_the_browser(page):
    by, (first, second) = page.evaluate(OPEN, MODEL)
    assert by == "wasm"
    assert first[3] == second[3] == 255
    assert first != second
