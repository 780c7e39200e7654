"""How fast training is here, next to what the machine could do and to plain code."""

from lib.speed.limits import work
from lib.speed.measure import Speed, measure
from lib.speed.plain import plain_copy

__all__ = ["Speed", "measure", "plain_copy", "work"]
