"""The published files of the benchmarks: downloaded, checked, and converted once."""

from lib.benchmarks.published.convert import OfficialImages as OfficialImages
from lib.benchmarks.published.convert import converted_shape as converted_shape
from lib.benchmarks.published.convert import open_official as open_official
from lib.benchmarks.published.download import fetch as fetch
from lib.benchmarks.published.files import DATA_DIR_VARIABLE as DATA_DIR_VARIABLE
from lib.benchmarks.published.files import OfficialFileError as OfficialFileError
from lib.benchmarks.published.files import SetFiles as SetFiles
from lib.benchmarks.published.files import data_folder as data_folder
from lib.benchmarks.published.files import find_published as find_published
from lib.benchmarks.published.verify import verify as verify
