"""The published files of the benchmarks: fetched, checked, and converted once."""

from lib.benchmarks.official.errors import OfficialFileError as OfficialFileError
from lib.benchmarks.official.fetching import fetch as fetch
from lib.benchmarks.official.places import default_data_dir as default_data_dir
from lib.benchmarks.official.sets import OFFICIAL as OFFICIAL
from lib.benchmarks.official.sets import OfficialSet as OfficialSet
from lib.benchmarks.official.store import OfficialImages as OfficialImages
from lib.benchmarks.official.store import open_official as open_official
from lib.benchmarks.official.verification import verify as verify
