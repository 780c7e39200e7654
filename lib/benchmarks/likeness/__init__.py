"""How like the published images a rendered twin looks, in numbers."""

from lib.benchmarks.likeness.measured import Likeness as Likeness
from lib.benchmarks.likeness.measured import measure as measure
from lib.benchmarks.likeness.measured import read_record as read_record
from lib.benchmarks.likeness.measured import write_record as write_record
from lib.benchmarks.likeness.pairs import pairs as pairs
from lib.benchmarks.likeness.pairs import save_pairs as save_pairs
from lib.benchmarks.likeness.rows import comparison_rows as comparison_rows
from lib.benchmarks.likeness.sheets import SHEETS as SHEETS
from lib.benchmarks.likeness.sheets import Sheet as Sheet
from lib.benchmarks.likeness.sheets import Tile as Tile
from lib.benchmarks.likeness.statistics import ImageStatistics as ImageStatistics
from lib.benchmarks.likeness.statistics import image_statistics as image_statistics
from lib.benchmarks.likeness.statistics import mean_difference as mean_difference
from lib.benchmarks.likeness.statistics import radial_spectrum as radial_spectrum
from lib.benchmarks.likeness.tiles import References as References
from lib.benchmarks.likeness.tiles import read_references as read_references
