"""The exported ONNX model describes its use correctly."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import shape_inference
from PIL import Image
from places import ROOT

from pix2pix import PALETTES, Generator, Translator
from pix2pix.__main__ import main
from pix2pix.networks.onnx_graph import onnx_model
from pix2pix.translate.engines import import_onnxruntime


def exported(folder: Path, kind: str = "element", **arguments) -> tuple[Generator, Path]:
    torch.manual_seed(0)
    generator = Generator(features=8, max_features=16, depth=5, dropout_kind=kind, dropout=0.25, **arguments)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    task = {"input": "labels", "image_size": 32, "palette": PALETTES["maps"], "direction": "BtoA"}
    generator.save_pretrained(folder / "model", task)
    assert main(["export", str(folder / "model"), str(folder / "model.onnx")]) == 0
    return generator, folder / "model.onnx"


@pytest.mark.parametrize(("kind", "sides"), [("element", ["H/16", "W/16"]), ("channel", [1, 1])])
@pytest.mark.parametrize("grain", [(), (3,)])
def test_the_metadata_is_enough_to_make_the_inputs(tmp_path: Path, kind: str, sides: list, grain: tuple):
    generator, path = exported(tmp_path, kind, grain_levels=grain)
    session = import_onnxruntime().InferenceSession(path)
    facts = session.get_modelmeta().custom_metadata_map
    assert (facts["input"], facts["direction"], int(facts["image_size"])) == ("labels", "BtoA", 32)
    assert json.loads(facts["palette"]) == PALETTES["maps"]
    assert (int(facts["multiple"]), float(facts["rate"])) == (32, 0.25)
    inputs = json.loads(facts["inputs"])
    assert inputs["mask0"]["shape"] == ["N", 16, *sides]
    assert [i.name for i in session.get_inputs()] == list(inputs)
    height, width, number = 64, 96, 2
    known = {"N": number, "H": height, "W": width}
    rng = np.random.default_rng(0)
    feeds = {}
    for name, told in inputs.items():
        shape = [eval(str(side).replace("/", "//"), {}, known) for side in told["shape"]]
        kept = rng.uniform(size=shape) >= 0.25
        feeds[name] = (rng.uniform(-1, 1, shape) if name == "x" else kept / (1 - 0.25)).astype(np.float32)
    (y,) = session.run(["y"], feeds)
    with torch.no_grad():
        expected = generator(
            *(torch.from_numpy(feeds[n]) for n in ["x"]),
            [torch.from_numpy(feeds[f"mask{i}"]) for i in range(len(inputs) - 1)],
        )
    np.testing.assert_allclose(y, expected.numpy(), rtol=0, atol=1e-4)


def test_a_mask_of_one_number_switches_the_noise_off(tmp_path: Path):
    generator, path = exported(tmp_path, grain_levels=(3,))
    x = np.random.default_rng(0).uniform(-1, 1, (3, 3, 32, 64)).astype(np.float32)
    masks = {f"mask{i}": np.ones((1, 1, 1, 1), np.float32) for i in range(4)}
    (y,) = import_onnxruntime().InferenceSession(path).run(["y"], {"x": x, **masks})
    with torch.no_grad():
        np.testing.assert_allclose(y, generator(torch.from_numpy(x)).numpy(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_no_convolution_can_be_taken_for_a_matrix_product(times: int):
    """ONNX Runtime's WebGPU computes one where the kernel is as large as the picture and nothing is padded in front."""
    generator = Generator(features=8, max_features=16, depth=5)
    weights = {name: tensor.numpy() for name, tensor in generator.state_dict().items()}
    model = onnx.load_from_string(onnx_model(generator.config, weights, {}))
    for given in model.graph.input:
        sizes = [1, None, 32 * times, 32 * times] if given.name == "x" else [1, 1, 1, 1]
        for dimension, size in zip(given.type.tensor_type.shape.dim, sizes, strict=True):
            if size:
                dimension.dim_value = size
    inferred = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes = {
        value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in [*inferred.value_info, *inferred.input]
    }
    smallest = []
    for node in inferred.node:
        if node.op_type != "Conv":
            continue
        attributes = {a.name: list(a.ints) for a in node.attribute}
        sides = shapes[node.input[0]][2:]
        assert all(sides), f"the shape of {node.input[0]} is not known"
        smallest.append(min(sides))
        assert sides != attributes["kernel_shape"] or any(attributes["pads"][:2]), node
    assert min(smallest) == times


def test_the_documented_program_draws_what_translator_draws(tmp_path: Path):
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "onnx.md").read_text(), re.DOTALL)
    assert main(["export", "edges2shoes", str(tmp_path / "shoes.onnx")]) == 0
    example = "demo/examples/edges2shoes/01-sneaker.png"
    program = program.replace(example, str(ROOT / example))
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    expected = Translator.from_pretrained("edges2shoes")(Image.open(ROOT / example).convert("RGB"), seed=None)
    difference = np.asarray(expected).astype(int) - np.asarray(Image.open(tmp_path / "shoe.png"))
    assert np.abs(difference).max() <= 1
