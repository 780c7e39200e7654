import pytest

from lib.benchmarks.official import OFFICIAL, default_data_dir

# Numbers of images as their publishers give them.
NUM_IMAGES = {
    "shapes3d": 480_000,
    "mpi3d": 460_800,
    "falcor3d": 233_280,
    "isaac3d": 737_280,
    "dsprites": 737_280,
}


@pytest.mark.parametrize("name", OFFICIAL)
def test_the_sizes_multiply_to_the_published_number_of_images(name):
    assert OFFICIAL[name].grid.num_images == NUM_IMAGES[name]
    assert OFFICIAL[name].shape[1:] == (64, 64, 1 if name == "dsprites" else 3)


def test_isaac3d_has_the_order_of_its_files_and_not_that_of_its_readme():
    strides = dict(
        zip(OFFICIAL["isaac3d"].grid.names, OFFICIAL["isaac3d"].grid.strides, strict=True)
    )
    # The README gives object_scale 30720 and robot_x 1536; 245760 / 30720 = 8 is robot_x's size.
    assert list(strides.values()) == [245760, 30720, 6144, 1536, 384, 96, 16, 4, 1]
    assert strides["robot_x"] == 30720
    assert strides["object_scale"] == 384


def test_the_data_folder_is_what_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHMARK_DATA_DIR", str(tmp_path))
    assert default_data_dir() == tmp_path
    monkeypatch.delenv("BENCHMARK_DATA_DIR")
    assert default_data_dir().name == "latent-quantization-book"
