"""Typed settings: frozen dataclasses whose fields are checked and converted when they are set."""

import ast
import dataclasses
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, Self

from lib.checks import check_choice, check_flag, check_integer, check_number, nearest


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Base of settings; a subclass is a frozen dataclass with fields from the functions below.

    Equal numbers of different types, such as 1 and 1.0 or one of NumPy's, are the same setting.

    Raises:
        TypeError, ValueError: a value that a field's check refuses; names the field.
    """

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            field.metadata["check"](field.name, value)
            object.__setattr__(self, field.name, field.metadata["convert"](value))

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Names of the settings, in the order of their definition."""
        return tuple(field.name for field in dataclasses.fields(cls))

    @classmethod
    def needed(cls) -> tuple[str, ...]:
        """Names of those that have no default."""
        fields = dataclasses.fields(cls)
        return tuple(field.name for field in fields if field.default is dataclasses.MISSING)

    @classmethod
    def of(cls, **values: object) -> Self:
        """Settings from values by name.

        Raises:
            TypeError: there is no setting of a name; names the nearest one.
            TypeError, ValueError: a bad value.
        """
        for name, value in values.items():
            if name not in cls.names():
                expected = f"one of {', '.join(cls.names())}" if cls.names() else "none"
                raise TypeError(
                    f"{name}={value!r} is no hyperparameter; expected {expected}."
                    f"{nearest(name, cls.names())}"
                )
        return cls(**values)

    @classmethod
    def following(cls) -> dict[str, str]:
        """Settings that follow from a number of the run, which their value names."""
        told = {field.name: field.metadata.get("follows") for field in dataclasses.fields(cls)}
        return {name: number for name, number in told.items() if number}

    def to_dict(self) -> dict[str, Any]:
        """The values by name."""
        return {name: getattr(self, name) for name in self.names()}


def parse_assignment(word: str) -> tuple[str, object]:
    """Name and value of a word such as `seed=3`; a value that is no Python literal is text.

    Raises:
        ValueError: there is no name, or no equals sign.
    """
    name, equals, value = word.partition("=")
    if not (equals and name.isidentifier()):
        raise ValueError(f"expected words such as seed=3, got {word!r}")
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value


def setting(
    check: Callable[[str, object], object],
    convert: Callable[[Any], Any],
    default: object = dataclasses.MISSING,
    follows: str | None = None,
) -> Any:
    """A field with a check and a conversion of its own.

    Args:
        check: called with name and value; raises where the value is refused.
        convert: makes of an accepted value what is kept.
        default: none where the field must be given.
        follows: the number of a run that the setting is where a run is not given another; see
            `lib.runs.RunConfig`.
    """
    metadata = {"check": check, "convert": convert, "follows": follows}
    return dataclasses.field(default=default, metadata=metadata)


def number(
    default: object = dataclasses.MISSING, *, minimum: float = 0.0, exclusive: bool = False
) -> Any:
    """A field that holds a finite number of at least `minimum`, or above it where `exclusive`."""
    check = partial(check_number, minimum=minimum, exclusive=exclusive)
    # Adding 0.0 turns -0.0, which is equal and would be told apart in text, into 0.0.
    return setting(check, lambda value: float(value) + 0.0, default)


def integer(
    default: object = dataclasses.MISSING,
    *,
    minimum: int,
    maximum: int | None = None,
    follows: str | None = None,
) -> Any:
    """A field that holds an integer of at least `minimum` and at most `maximum`."""
    check = partial(check_integer, minimum=minimum, maximum=maximum)
    return setting(check, int, default, follows)


def flag(default: object = dataclasses.MISSING) -> Any:
    """A field that holds True or False."""
    return setting(check_flag, bool, default)


def choice(allowed: Collection[str], default: object = dataclasses.MISSING) -> Any:
    """A field that holds one of the allowed names."""
    return setting(partial(check_choice, allowed=allowed), str, default)
