// Where the scan lies in its panels: one zoom for all of them, in shares of the scan.

const MOST_PX_OF_A_PIXEL = 24

/** The whole scan, as large as fits. */
function wholeScan() {
  return { zoom: 1, x: 0.5, y: 0.5 } // which place of the scan is in the middle of the panel
}

/** Width and height of the scan on screen and its upper left corner, all px of the panel. */
function boxOf(place, picture, panel) {
  const ratio = picture.full_width_px / picture.full_height_px
  const fitting = Math.min(panel.width / ratio, panel.height)
  const height = fitting * place.zoom
  const width = height * ratio
  return { width, height, left: panel.width / 2 - place.x * width, top: panel.height / 2 - place.y * height }
}

/** The place of the scan under a point of the panel; outside of it below 0 or above 1. */
function scanAt(place, picture, panel, x, y) {
  const box = boxOf(place, picture, panel)
  return { x: (x - box.left) / box.width, y: (y - box.top) / box.height }
}

/** Zoom by a factor so that what is under the point stays there. */
function zoomedAt(place, picture, panel, factor, x, y) {
  const before = scanAt(place, picture, panel, x, y)
  const fit = boxOf(wholeScan(), picture, panel)
  const most = Math.max(4, (MOST_PX_OF_A_PIXEL * picture.full_width_px) / fit.width)
  const zoom = Math.min(most, Math.max(1, place.zoom * factor))
  if (zoom === 1) return wholeScan()
  const after = scanAt({ ...place, zoom }, picture, panel, x, y)
  return kept({ zoom, x: place.x + before.x - after.x, y: place.y + before.y - after.y })
}

/** Move the scan by px of the panel. */
function panned(place, picture, panel, dx, dy) {
  const box = boxOf(place, picture, panel)
  return kept({ ...place, x: place.x - dx / box.width, y: place.y - dy / box.height })
}

/** The middle of the panel stays over the scan: it cannot be pushed out of sight. */
function kept(place) {
  const inside = (share) => Math.min(1, Math.max(0, share))
  return { ...place, x: inside(place.x), y: inside(place.y) }
}

/** Pixels of the screen for one pixel of the scan, in percent. */
function percentOf(place, picture, panel) {
  return Math.round((100 * boxOf(place, picture, panel).width) / picture.full_width_px)
}
