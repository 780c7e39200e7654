"""Icons of a site: of thousands in the theme's fonts and style sheets, those that it shows."""

import re
from pathlib import Path

from fontTools import subset

# How a style sheet names an icon, and gives it to an element by itself.
_RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\?[^"]+"\}')
_NAME = re.compile(r"\bfa-[\w-]+")
_GLYPH = re.compile(r'"\\([ef][0-9a-f]{3})"')
_WRITTEN = re.compile("[\ue000-\uf8ff]")  # one that stands for itself


def keep_icons_in_use(site: Path) -> None:
    """Take out of a site's fonts and style sheets the icons that no page and no script names.

    Args:
        site: folder of the site.
    """
    static = site / "_static"
    named = {
        name
        for file in (*site.rglob("*.html"), *static.rglob("*.js"))
        for name in _NAME.findall(file.read_text(encoding="utf-8"))
    }
    glyphs: set[int] = set()
    for sheet in static.rglob("*.css"):
        text = _RULE.sub(
            lambda rule: rule[0] if named & set(_NAME.findall(rule[1])) else "",
            sheet.read_text(encoding="utf-8"),
        )
        sheet.write_text(text, encoding="utf-8")
        glyphs |= {int(code, 16) for code in _GLYPH.findall(text)}
        glyphs |= set(map(ord, _WRITTEN.findall(text)))
    options = subset.Options(flavor="woff2")
    for file in static.glob("vendor/fontawesome/webfonts/*.woff2"):
        font = subset.load_font(file, options)
        kept = subset.Subsetter(options)
        # A browser reports a font of no glyphs as broken.
        own = font.getBestCmap().keys()
        kept.populate(unicodes=glyphs & own or [min(own)])
        kept.subset(font)
        subset.save_font(font, file, options)
