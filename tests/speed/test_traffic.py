"""Bytes and passes of a program, against those counted by hand."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import pytest

from lib.runs import RunConfig
from lib.speed.traffic import Traffic, described_gpu, lowered_step, traffic

A, B = (jax.ShapeDtypeStruct(shape, jnp.float32) for shape in [(30, 20), (20, 50)])


def _function(a, b):
    return jnp.sum(jnp.exp((a @ b).T.astype(jnp.bfloat16)), axis=0)


def test_a_lowered_program_counted_by_hand():
    """A product, its transpose, a cast and an exponential in bfloat16, a sum there in float32."""
    text = jax.jit(_function).trace(A, B).lower(lowering_platforms=("cuda",)).as_text("hlo")
    found = traffic(text)
    assert found["products"] == Traffic(1, 4 * (600 + 1000 + 1500))
    assert found["layout"] == Traffic(1, 2 * 4 * 1500)
    cast, exponential = (4 + 2) * 1500, (2 + 2) * 1500
    widened, narrowed = (2 + 4) * 1500, (4 + 2) * 30
    assert found["elementwise"] == Traffic(4, cast + exponential + widened + narrowed)
    assert found["sums"] == Traffic(1, 4 * 1500 + 4 + 4 * 30)


def test_a_fusion_is_one_pass_and_a_loop_is_counted_by_its_turns():
    text = """
%fused (p: f32[100], q: f32[100]) -> f32[100] {
  %p = f32[100]{0} parameter(0)
  %q = f32[100]{0} parameter(1)
  %a = f32[100]{0} add(%p, %q)
  ROOT %m = f32[100]{0} multiply(%a, %q)
}

%body (t: (s32[], f32[100])) -> (s32[], f32[100]) {
  %t = (s32[], f32[100]{0}) parameter(0)
  %x = f32[100]{0} get-tuple-element(%t), index=1
  %f = f32[100]{0} fusion(%x, /*index=1*/%x), kind=kLoop, calls=%fused
  ROOT %r = (s32[], f32[100]{0}) tuple(%x, %f)
}

%condition (t.1: (s32[], f32[100])) -> pred[] {
  %t.1 = (s32[], f32[100]{0}) parameter(0)
  ROOT %y = pred[] constant(true)
}

ENTRY %main (g: f32[100], i: s32[]) -> f32[100] {
  %g = f32[100]{0} parameter(0)
  %i = s32[] parameter(1)
  %c = f32[100]{0} copy(%g)
  %z = (s32[], f32[100]{0}) tuple(%i, %c)
  %w = (s32[], f32[100]{0}) while(%z), condition=%condition, body=%body, \
backend_config={"known_trip_count":{"n":"5"}}
  %k = f32[] custom-call(%c, %g), custom_call_target="__cublas$gemm"
  ROOT %s = f32[100]{0} get-tuple-element(%w), index=1
}
"""
    found = traffic(text)
    assert found["elementwise"] == Traffic(5, 5 * 3 * 400)
    assert found["layout"] == Traffic(1, 2 * 400)
    assert found["products"] == Traffic(1, 2 * 400 + 4)
    assert traffic(text, in_loop=True)["elementwise"] == Traffic(1, 3 * 400)


def test_a_fusion_reads_of_an_operand_no_more_than_its_slices():
    text = """
%fused (p: f32[100,10], q: f32[10]) -> f32[10] {
  %p = f32[100,10]{1,0} parameter(0)
  %q = f32[10]{0} parameter(1)
  %one = f32[1,10]{1,0} slice(%p), slice={[3:4], [0:10]}
  %other = f32[2,10]{1,0} slice(%p), slice={[5:7], [0:10]}
  %r = f32[10]{0} reshape(%one)
  ROOT %m = f32[10]{0} multiply(%r, %q)
}

ENTRY %main (g: f32[100,10], i: f32[10]) -> f32[10] {
  %g = f32[100,10]{1,0} parameter(0)
  %i = f32[10]{0} parameter(1)
  ROOT %f = f32[10]{0} fusion(%g, %i), kind=kLoop, calls=%fused
}
"""
    assert traffic(text)["elementwise"] == Traffic(1, 4 * (10 + 20) + 2 * 4 * 10)


def test_without_cuda_it_says_what_is_missing():
    """The tests' JAX has none."""
    with pytest.raises(RuntimeError, match=r"pip install 'jax\[cuda12\]'"):
        described_gpu()


def test_the_step_of_the_smallest_network_has_its_products():
    """Three products a layer of six, but none towards the images; each parameter is updated."""
    config = RunConfig("shapes3d", "qlae", "smoke", training_images=100, evaluation_images=100)
    found = traffic(lowered_step(config).as_text("hlo"))
    assert found["products"].passes == 3 * 6 - 1
    batch, widths = 64, (768, 32, 32, 12, 32, 32, 768)
    layers = list(pairwise(widths))
    moved = 3 * sum(batch * a + a * b + batch * b for a, b in layers)
    moved -= batch * 768 + 768 * 32 + batch * 32
    assert found["products"].num_bytes == 4 * moved
