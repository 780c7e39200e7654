"""How fast a configuration trains here, next to what the machine could do.

python -m lib.speed --model qlae --profile paper --batch 32 --steps 5 --json
"""

import argparse
import json
from collections.abc import Sequence

from lib.checks import check_integer
from lib.runs import RunConfig
from lib.speed.measure import measure, run_mesh
from lib.training import PRECISIONS


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line says and print it; exits with 2 on bad words."""
    parser = argparse.ArgumentParser(prog="python -m lib.speed", description=__doc__)
    add = parser.add_argument
    add("--benchmark", default="shapes3d", help="default: shapes3d")
    add("--model", default="qlae", help="default: qlae")
    add("--profile", default="laptop", help="default: laptop")
    add("--batch", type=int, help="images a step (default: the profile's)")
    add("--resolution", type=int, help="side of the images in pixels (default: the profile's)")
    add("--precision", help=f"one of {', '.join(PRECISIONS)} (default: the profile's)")
    add("--steps", type=int, default=5, help="steps that are timed (default: 5)")
    add("--seeds", type=int, default=1, help="seeds trained at once (default: 1)")
    add("--devices", type=int, help="devices that share the work (default: all that can)")
    add("--plain", action="store_true", help="also time the plain implementation")
    add("--json", action="store_true", help="print one line of JSON")
    options = parser.parse_args(arguments)
    settings = {name: getattr(options, name) for name in ("resolution", "precision")}
    try:
        check_integer("--steps", options.steps, minimum=1)
        check_integer("--seeds", options.seeds, minimum=1)
        settings["batch_size"] = options.batch
        config = RunConfig(options.benchmark, options.model, options.profile, **settings)
        run_mesh(config, options.seeds, options.devices)
    except (TypeError, ValueError) as error:
        parser.error(str(error))
    speed = measure(
        config,
        steps=options.steps,
        num_seeds=options.seeds,
        num_devices=options.devices,
        plain=options.plain,
    )
    print(json.dumps(speed.to_dict()) if options.json else speed)


if __name__ == "__main__":
    main()
