"""The runs of a study spread over processes and machines by Dask."""

import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from lib.checks import check_number
from lib.process import Ended, MachineShare, local_devices, run_process, usable_cores
from lib.runs import RecordedRun
from lib.runs.folders import RunFolders
from lib.scores import SCORES
from lib.studies.declaration import StudyRun
from lib.studies.state import StudyState, duration, name_of

# How long runs that are told to end are waited for, in all.
_PATIENCE_S = 60.0
_MODULE = "lib.runs.once"


@dataclass(frozen=True)
class Cluster:
    """Where runs are made.

    Attributes:
        workers: processes on this machine, which share its cores or have an accelerator each; None
            for one an accelerator or, without one, one for two cores.
        scheduler: address of a running Dask scheduler; None starts one here. Its workers must
            import this library, see one file system, and run one task at a time
            (`dask worker ADDRESS --nthreads 1`). Any of Dask's deployments is such a scheduler:
            `dask_jobqueue.SLURMCluster(cores=1, processes=1, ...)` and
            `dask_kubernetes.operator.KubeCluster(...)` have a `scheduler_address`. Where all
            workers declare a resource "device" (`--resources device=1`), each run takes one.
        host: on which a scheduler that is started here, and its dashboard, listen.
    """

    workers: int | None = None
    scheduler: str | None = None
    host: str = "127.0.0.1"


def run_study(
    state: StudyState, cluster: Cluster, *, limit_s: float | None = None, **options: Any
) -> int:
    """Make the runs of a study that are not recorded yet, and record them.

    Each runs in a process of its own. One that fails is noted and not tried again; one whose
    worker is lost is given to another worker and goes on from its last checkpoint. What another
    process makes is waited for and found. The progress is printed.

    Args:
        state: of the study.
        cluster: where.
        limit_s: seconds after which a run is told to end, and counts as failed.
        **options: as for `lib.runs.execute`, as JSON values.

    Returns:
        How many runs failed.

    Raises:
        ValueError: a bad limit, or more workers than accelerators.
        ModuleNotFoundError: Dask is not installed.
        OSError: the scheduler cannot be reached, or is lost.
        KeyboardInterrupt, SystemExit: when these came; the runs have then kept what they had.
    """
    if limit_s is not None:
        check_number("limit_s", limit_s, minimum=0, exclusive=True)
    left = state.left()
    print(f"{len(state.runs) - len(left)} of {len(state.runs)} runs are done.", flush=True)
    if not left:
        return 0
    try:
        from distributed import as_completed
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "distributed is not installed; a study needs the extra `study`: "
            "pip install 'latent-quantization-book[study]'."
        ) from error
    began, num_failed = time.monotonic(), 0
    try:
        with _connected(cluster) as (client, shares):
            runs = _submit(client, shares, state, left, limit_s, options)
            for number, future in enumerate(as_completed(runs), 1):
                run = runs[future]
                ended = _ended(future)
                recorded = state.recorded(run)
                if not ended.problem and not recorded:
                    ended = ended._replace(problem=f"no record of it came to {state.folder}")
                if ended.problem:
                    state.fail(run, ended)
                    num_failed += 1
                else:
                    state.succeed(run)
                rest = (time.monotonic() - began) / number * (len(left) - number)
                print(
                    f"[{number}/{len(left)}] {name_of(run)}: {_outcome(ended, recorded)}"
                    + (f"; about {duration(rest)} left" if rest else ""),
                    flush=True,
                )
    except (KeyboardInterrupt, SystemExit):
        _wait_for_checkpoints(state, left)
        raise
    return num_failed


def _submit(client, shares, state, left, limit_s, options) -> dict[Any, StudyRun]:
    """Give all runs to the scheduler; the run of each future."""
    workers = client.scheduler_info()["workers"].values()
    has_devices = workers and all("device" in worker["resources"] for worker in workers)
    runs = {}
    for run in left:
        future = client.submit(
            run_process,
            **process_of(state, run, options),
            limit_s=limit_s,
            shares=shares,
            pure=False,
            resources={"device": 1} if has_devices else None,
        )
        runs[future] = run
    return runs


def process_of(state: StudyState, run: StudyRun, options: Mapping[str, Any]) -> dict[str, Any]:
    """What `run_process` takes for a run of a study, but for its limits.

    Args:
        state: of the study.
        run: which one.
        options: as for `lib.runs.execute`, as JSON values.
    """
    out_dir, name = state.out_dir.absolute(), RecordedRun.path_of(state.folder, run.config).stem
    message = {
        "config": run.config.to_dict(),
        "out_dir": str(out_dir),
        "folder": str(state.folder.absolute()),
        "keeps_model": run.keeps_model,
        **options,
    }
    return {
        "module": _MODULE,
        "message": message,
        "log": out_dir / "logs" / f"{name}.log",
        "lock": out_dir / ".locks" / f"{state.study.name}-{name}.lock",
    }


def _ended(future) -> Ended:
    """How the process of a future ended, or why there is no process.

    Raises:
        ConnectionError: the scheduler is lost.
    """
    try:
        return future.result()
    except CancelledError as error:
        raise ConnectionError(
            "The scheduler is lost, and with it the runs that it had; what they had so far is "
            "kept. Give the same command again."
        ) from error
    except Exception as error:  # whatever a worker raises, such as that it cannot import lib
        return Ended(f"{type(error).__name__}: {error}", "", 0.0)


def _outcome(ended: Ended, recorded: RecordedRun | None) -> str:
    if ended.problem:
        return f"failed after {duration(ended.seconds)}: {ended.problem}"
    scores = recorded.record.scores
    shown = ", ".join(f"{SCORES[n].label} {SCORES[n].format(scores[n])}" for n in ("infom", "psnr"))
    return f"{shown}, {duration(ended.seconds)}"


@contextmanager
def _connected(cluster: Cluster) -> Iterator[tuple[Any, Sequence[MachineShare]]]:
    """A Dask client, and a share for each worker that is started here."""
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is lost is told as failed
    if cluster.scheduler:
        with Client(cluster.scheduler) as client:
            print(f"Dashboard: {client.dashboard_link}", flush=True)
            if not client.scheduler_info()["workers"]:
                print(f"Waiting for workers at {cluster.scheduler}.", flush=True)
            yield client, ()
        return
    shares = _shares(cluster.workers)
    with (
        LocalCluster(
            n_workers=len(shares),
            threads_per_worker=1,
            processes=True,
            host=cluster.host,
            dashboard_address=f"{cluster.host}:0",
            silence_logs=logging.CRITICAL,
            memory_limit=None,  # it is the workers' children that need memory
        ) as started,
        Client(started) as client,
    ):
        print(f"{len(shares)} workers; dashboard: {client.dashboard_link}", flush=True)
        yield client, shares


def _shares(workers: int | None) -> list[MachineShare]:
    """A share for each worker: some of the cores, or one of the accelerators.

    Raises:
        ValueError: more workers than there are accelerators.
    """
    platform, count = local_devices()
    if platform == "cpu":
        cores = usable_cores()
        num = workers or max(1, len(cores) // 2)
        return [MachineShare(cores[i % len(cores) :: num]) for i in range(num)]
    # A process takes all chips of a TPU's host.
    count = count if platform == "gpu" else 1
    if (workers or 1) > count:
        raise ValueError(f"workers={workers} is too large; expected one an accelerator, {count}.")
    if platform != "gpu":
        return [MachineShare()]
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = shown.split(",") if shown else [str(i) for i in range(count)]
    return [
        MachineShare(environment={"CUDA_VISIBLE_DEVICES": n, "HIP_VISIBLE_DEVICES": n})
        for n in names[: workers or count]
    ]


def _wait_for_checkpoints(state: StudyState, runs: Sequence[StudyRun]) -> None:
    """Wait until the processes that were told to end have done so."""
    print("Stopping: runs write a checkpoint.", file=sys.stderr, flush=True)
    end = time.monotonic() + _PATIENCE_S
    for run in runs:
        for file in RunFolders(Path(state.out_dir), [run.config]).lock_files:
            if file.exists():
                try:
                    with FileLock(file).acquire(timeout=max(0, end - time.monotonic())):
                        pass
                except Timeout:
                    print(f"{name_of(run)} still runs.", file=sys.stderr)
