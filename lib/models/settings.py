"""Checks of a model's hyperparameters."""

from collections.abc import Mapping

from lib.checks import check_integer, check_number


def check_settings(values: Mapping[str, object], defaults: Mapping[str, object]) -> None:
    """Require values of the kinds of their defaults.

    Where the default is a float, a finite number of at least 0, and above it where the name ends in
    "size"; where it is an integer, an integer of at least 1, or 0 where that is the default; where
    it is a bool, a bool. `num_values` is checked by the latent space that takes it.

    Raises:
        TypeError: a value of another kind, or a name without a default.
        ValueError: a value out of range.
    """
    for name, value in values.items():
        if name not in defaults:
            raise TypeError(
                f"{name}={value!r} is no hyperparameter; expected one of {', '.join(defaults)}."
            )
        default = defaults[name]
        if name == "num_values":
            continue
        if isinstance(default, bool):
            if not isinstance(value, bool):
                raise TypeError(
                    f"{name}={value!r} is a {type(value).__name__}; expected True or False."
                )
        elif isinstance(default, int):
            check_integer(name, value, minimum=min(default, 1))
        else:
            check_number(name, value, minimum=0, exclusive=name.endswith("size"))
