"""Everything of a phantom's chest but the lungs: skin, fat, muscle, organs, airways, ribs, spine and sternum."""

import numpy as np

from core.data.phantoms.anatomy import (
    WALL_ANGLES,
    Floats,
    Points,
    around,
    ellipse_outline,
    ellipses,
    lung_outlines,
    smooth_loop,
)
from core.data.phantoms.atlas import AIRWAYS, CHEST_LENGTH_MM, ORGANS, VERTEBRAL_ARCH, VERTEBRAL_BODY
from core.data.phantoms.scanner import AIR_HU, Canvas, Image

FAT_HU, MUSCLE_HU, BLOOD_HU, LIVER_HU, MARROW_HU, BONE_HU = -105.0, 50.0, 42.0, 60.0, 120.0, 430.0
ENHANCING = ("vein", "artery", "arch", "cava", "aorta", "trunk", "atrium")
BACK, FRONT = np.pi / 2, 3 * np.pi / 2
RIB_SPACING_MM, RIB_DROP_MM, RIB_HALF_HEIGHT_MM = 25.0, 125.0, 6.0


def paint_trunk(canvas: Canvas, wall: Floats) -> None:
    """Table, skin, fat under it and the muscles, out from the inside of the ribs (`wall`, mm at `WALL_ANGLES`)."""
    muscle = wall + _muscle_thickness(canvas.anatomy.muscle, canvas.level)
    fat = muscle + _fat_thickness(canvas.anatomy.fat_mm, canvas.anatomy.breast, canvas.level)
    _paint_table(canvas, lowest_mm=float((fat * np.sin(WALL_ANGLES)).max()))
    canvas.fill(around(fat + 2.0), 20.0)
    canvas.fill(around(fat), FAT_HU)
    canvas.fill(around(muscle), MUSCLE_HU)
    seam = wall + 12 + 0.35 * (muscle - wall - 12)  # fat between the muscle layers
    sides = np.clip(1.3 * np.abs(np.cos(WALL_ANGLES)) - 0.15, 0, 1)
    canvas.fill(np.vstack([around(seam + 1.6 * sides), around(seam - 1.6 * sides)[::-1]]), FAT_HU, 0.75)
    canvas.fill(around(wall + 1.5), FAT_HU + 25)


def paint_mediastinum(canvas: Canvas, contrast_hu: float) -> Image:
    """Organs between the lungs; gives back how far they push into the lungs, (h, w) in [0, 1]."""
    pushed = [ellipse_outline(np.array([0.0, 56.0, 25.0, 22.0, 0.0]))]
    for name, shape in ellipses(ORGANS, canvas.level).items():
        scale = canvas.anatomy.heart if "heart" in name else canvas.anatomy.aorta if "aort" in name else 1.0
        shape = shape * (1, 1, scale, scale, 1)
        outline = ellipse_outline(shape)
        value = LIVER_HU if "dome" in name else BLOOD_HU
        enhanced = contrast_hu if name.split()[-1] in ENHANCING else 0.2 * contrast_hu
        if name == "heart":
            canvas.fill(ellipse_outline(shape, grow_mm=1.5), MUSCLE_HU)
            canvas.fill(ellipse_outline(shape, grow_mm=-7.0), value + 0.9 * enhanced, 0.9)
        else:
            canvas.fill(outline, value + enhanced)
        pushed.append(ellipse_outline(shape, grow_mm=0.5 if "dome" in name else 2.0))
    return canvas.coverage(*pushed)


def paint_airways(canvas: Canvas) -> None:
    """Trachea and main bronchi with their walls."""
    shapes = ellipses(AIRWAYS, canvas.level).values()
    for shape in shapes:
        canvas.fill(ellipse_outline(shape, grow_mm=1.6), 20.0)
    for shape in shapes:
        canvas.fill(ellipse_outline(shape), AIR_HU + 15)


def lung_coverage(canvas: Canvas, pushed: Image) -> Image:
    """Share of each pixel that is lung, (h, w) in [0, 1]."""
    return canvas.coverage(*lung_outlines(canvas.level)) * (1 - pushed)


def paint_ribs(canvas: Canvas, wall: Floats) -> None:
    """Ribs run down from the spine to the front, so a slice cuts several of them into short arcs."""
    along = np.linspace(0, 1, 160)
    depth_mm = RIB_DROP_MM * (1 - (1 - along) ** 1.25)
    for side in (-1, 1):
        angle = BACK - side * (0.20 + along * (np.pi - 0.62))
        inside = np.interp(angle, WALL_ANGLES, wall, period=2 * np.pi) + 2.0
        for rib in range(-4, 14):
            top_mm = (rib + canvas.anatomy.rib_phase) * RIB_SPACING_MM - 40 + 3 * side
            height = 1 - ((top_mm + depth_mm - canvas.level * CHEST_LENGTH_MM) / RIB_HALF_HEIGHT_MM) ** 2
            cut = np.flatnonzero(height > 0)
            if len(cut) < 4:
                continue
            thick = 8.5 * np.sqrt(height[cut])
            bone = along[cut].mean() < 0.86  # the front end is cartilage
            inner, outer = inside[cut] + 4.2 - thick / 2, inside[cut] + 4.2 + thick / 2
            canvas.fill(_arc(angle[cut], inner, outer), BONE_HU if bone else 110.0)
            if bone and len(cut) > 8:
                core = slice(2, -2)
                canvas.fill(_arc(angle[cut][core], inner[core] + 2.3, outer[core] - 2.3), MARROW_HU)


def paint_spine(canvas: Canvas) -> None:
    """Vertebral body, canal and arch; pedicles and transverse processes come and go from disc to disc."""
    pedicle = 0.5 + 0.5 * np.sin(
        2 * np.pi * (canvas.level * CHEST_LENGTH_MM / RIB_SPACING_MM + canvas.anatomy.rib_phase)
    )
    reach = 14 + 18 * pedicle
    half = np.array([[11, 69], [reach, 76], [reach, 81], [10, 80]])
    wings = smooth_loop(np.vstack([[[0, 72]], half, [[0, 84]], half[::-1] * (-1, 1)]))
    body, arch = smooth_loop(VERTEBRAL_BODY), smooth_loop(VERTEBRAL_ARCH)
    canvas.fill(wings, BONE_HU, 0.35 + 0.65 * pedicle)
    canvas.fill(arch, BONE_HU, 0.8)
    canvas.fill(ellipse_outline(np.array([0.0, 69.0, 9.0, 7.5, 0.0])), 30.0)
    canvas.fill(body, BONE_HU - 60)
    canvas.fill(body * (0.84, 0.80) + (0, 9.9), MARROW_HU + 30 * (1 - pedicle))


def paint_front(canvas: Canvas, wall: Floats) -> None:
    """Sternum in front, shoulder blades behind in the upper chest."""
    front = -float(np.interp(FRONT, WALL_ANGLES, wall)) - 9
    broad = float(np.interp(canvas.level, [0.1, 0.25, 0.4, 0.9], [26, 22, 16, 14]))
    sternum = np.array([0.0, front, broad, 5.5, 0.0])
    canvas.fill(ellipse_outline(sternum), BONE_HU - 80)
    canvas.fill(ellipse_outline(sternum, grow_mm=-2.2), MARROW_HU - 10)
    length = float(np.interp(canvas.level, [0.1, 0.5, 0.62], [1.0, 0.7, 0.0]))
    if length > 0.1:
        for side in (-1, 1):
            angle = BACK - side * np.linspace(0.62, 0.62 + 0.75 * length, 20)
            base = np.interp(angle, WALL_ANGLES, wall, period=2 * np.pi) + np.linspace(20, 27, 20)
            canvas.fill(_arc(angle, base, base + 5.5), BONE_HU, 0.9)
            canvas.fill(_arc(angle[1:-1], base[1:-1] + 1.8, base[1:-1] + 3.7), MARROW_HU)


def _arc(angle: Floats, inner: Floats, outer: Floats) -> Points:
    directions = np.column_stack([np.cos(angle), np.sin(angle)])
    return np.vstack([directions * outer[:, None], (directions * inner[:, None])[::-1]])


def _bump(centre: float, width: float) -> Floats:
    return np.exp((np.cos(WALL_ANGLES - centre) - 1) / width**2)


def _muscle_thickness(strength: float, level: float) -> Floats:
    high = np.clip((0.55 - level) / 0.4, 0, 1)
    sides = _bump(0.35, 0.45) + _bump(np.pi - 0.35, 0.45)  # latissimus, subscapular muscles
    chest = _bump(FRONT + 0.75, 0.3) + _bump(FRONT - 0.75, 0.3)  # pectorals
    back = _bump(BACK + 0.33, 0.2) + _bump(BACK - 0.33, 0.2)  # along the spine
    extra = sides * (7 + 20 * high) + chest * (5 + 9 * high) + back * 15 + (back * 4 + sides * 8) * high
    return 14 + strength * extra


def _fat_thickness(fat_mm: float, breast: float, level: float) -> Floats:
    here = np.clip(1 - abs(level - 0.62) / 0.35, 0, 1)
    breasts = _bump(FRONT + 0.62, 0.32) + _bump(FRONT - 0.62, 0.32)
    return fat_mm * (1 + 0.25 * np.abs(np.cos(WALL_ANGLES))) + breasts * breast * here * (14 + fat_mm)


def _paint_table(canvas: Canvas, *, lowest_mm: float) -> None:
    x = np.linspace(-230, 230, 40)
    sag = lowest_mm + 5 - 34 * (x / 230) ** 2
    for top, bottom, value in ((0.0, 3.0, -120.0), (3.0, 22.0, -930.0), (22.0, 24.0, -350.0)):
        canvas.fill(np.vstack([np.column_stack([x, sag + top]), np.column_stack([x, sag + bottom])[::-1]]), value)
