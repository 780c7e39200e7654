"""Scores of representations and reconstructions, on plain arrays: no model, no JAX, no Flax."""

from lib.metrics.activity import active_latents
from lib.metrics.dci import DCI, dci
from lib.metrics.discretization import discretize
from lib.metrics.evaluation import Evaluation
from lib.metrics.explicitness import Explicitness, IterationLimitWarning, explicitness
from lib.metrics.infomec import InfoMEC, compactness, infomec, modularity
from lib.metrics.intervals import Interval, mean_interval, smallest_seen
from lib.metrics.jackknife import jackknife
from lib.metrics.mig import MIG, mig
from lib.metrics.modularity_score import ModularityScore, modularity_score
from lib.metrics.mutual_information import nmi_matrix
from lib.metrics.protocol import PROTOCOLS, Activity, Protocol, Regression, add_protocol
from lib.metrics.reconstruction import psnr
from lib.metrics.sap import SAP, sap
from lib.metrics.validation import QuantizedFloatsWarning, UndefinedScoreError

__all__ = [
    "DCI",
    "MIG",
    "PROTOCOLS",
    "SAP",
    "Activity",
    "Evaluation",
    "Explicitness",
    "InfoMEC",
    "Interval",
    "IterationLimitWarning",
    "ModularityScore",
    "Protocol",
    "QuantizedFloatsWarning",
    "Regression",
    "UndefinedScoreError",
    "active_latents",
    "add_protocol",
    "compactness",
    "dci",
    "discretize",
    "explicitness",
    "infomec",
    "jackknife",
    "mean_interval",
    "mig",
    "modularity",
    "modularity_score",
    "nmi_matrix",
    "psnr",
    "sap",
    "smallest_seen",
]
