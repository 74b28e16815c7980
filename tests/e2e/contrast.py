"""The contrast that a reader really gets, from computed colours (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re

from playwright.async_api import Locator

__all__ = ["contrast_of", "contrast_ratio"]

Rgb = tuple[float, float, float]

_COLOURS = """node => {
  const grounds = [];
  for (let at = node; at; at = at.parentElement) {
    grounds.push(getComputedStyle(at).backgroundColor);
  }
  return {ink: getComputedStyle(node).color, grounds};
}"""


def _parse(colour: str) -> tuple[Rgb, float]:
    kind, _, rest = colour.partition("(")
    assert kind in ("rgb", "rgba") or rest.startswith("srgb "), colour
    scale = 255 if kind == "color" else 1
    numbers = [float(number) for number in re.findall(r"[\d.]+", rest)]
    red, green, blue = (number * scale for number in numbers[:3])
    return (red, green, blue), numbers[3] if len(numbers) > 3 else 1.0


def _over(top: Rgb, alpha: float, below: Rgb) -> Rgb:
    red, green, blue = (a * alpha + b * (1 - alpha) for a, b in zip(top, below, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    def linear(value: float) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(value) for value in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast_ratio(one: Rgb, other: Rgb) -> float:
    """Return the ratio of two opaque colours (0 to 255 each), 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


async def contrast_of(text: Locator, beneath: Rgb = (255, 255, 255)) -> float:
    """Return the contrast of an element's text with what lies behind it.

    Args:
        text: one element.
        beneath: colour under the page, for pages that are transparent.
    """
    colours = await text.evaluate(_COLOURS)
    ground = beneath
    for layer in reversed(colours["grounds"]):
        ground = _over(*_parse(layer), ground)
    return contrast_ratio(_over(*_parse(colours["ink"]), ground), ground)
