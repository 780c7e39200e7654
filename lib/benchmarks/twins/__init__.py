"""Rendered twins, one file each; these five come first, in the order of the book's tables."""

# isort: off
from lib.benchmarks.twins import shapes3d as shapes3d
from lib.benchmarks.twins import mpi3d as mpi3d
from lib.benchmarks.twins import falcor3d as falcor3d
from lib.benchmarks.twins import isaac3d as isaac3d
from lib.benchmarks.twins import dsprites as dsprites
