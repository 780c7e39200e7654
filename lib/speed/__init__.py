"""How fast training is here, next to what the machine could do and to plain code."""

from lib.speed.limits import work
from lib.speed.measure import Speed, measure, measure_in_turn
from lib.speed.plain import plain_copy

__all__ = ["Speed", "measure", "measure_in_turn", "plain_copy", "work"]
