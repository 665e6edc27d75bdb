"""The colours of every mark: told apart by colour-blind readers, visible on white and on dark ground.

Each has a contrast of at least 3 to 1 against #ffffff and against #14181f, so a page may turn dark without repainting
its marks. Colour never carries a meaning alone: a shape, a dash, a place or a label says the same.
"""

BLUE = "#316ac2"
ORANGE = "#c9560f"
GREEN = "#2fa468"
PINK = "#c2709d"
VIOLET = "#7e3de6"
GREY = "#7b8490"

CATEGORIES: tuple[str, ...] = (BLUE, ORANGE, GREEN, PINK, VIOLET)
"""For things without an order, in this order; more than five are not told apart."""

MAIN = BLUE
"""What is observed."""

ALARM = ORANGE
"""What asks for attention; below nothing, too dear, late."""

QUIET = GREY
"""Benchmarks, limits, what is expected."""

DASHES: tuple[tuple[int, ...], ...] = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (4, 2))
"""The line styles that go with the categories."""

SHAPES: tuple[str, ...] = ("circle", "square", "triangle-up", "diamond", "cross")
"""The point shapes that go with the categories."""


def luminance(colour: str) -> float:
    """Relative luminance of a colour (WCAG 2.2).

    Examples
    --------
    >>> round(luminance("#ffffff"), 3), round(luminance("#316ac2"), 3)
    (1.0, 0.149)
    """
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """How well two colours stand apart, from 1 to 21 (WCAG 2.2).

    Examples
    --------
    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
