// A map over its scan: as heat, as contours, or as a mask that leaves only what was looked at.

const CONTOURS = [0.25, 0.5, 0.75]
const DARKEST = 0.33 // the darkest third of the colours would look like shade over bright tissue, not like heat

/** Three bytes of colour for each of 256 shades; Python sends them once. */
const colourTable = { rgb: new Uint8Array(768) }

function takeColours(hex) {
  colourTable.rgb = Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16))
}

/** Colour of a heat in [0, 1]. */
function colourOf(heat) {
  const at = 3 * Math.round((DARKEST + (1 - DARKEST) * heat) * 255)
  return colourTable.rgb.subarray(at, at + 3)
}

/** The map's grid as a small canvas: `heat` fades in with its strength, `mask` is black where there is none. */
function heatCanvas(map, kind) {
  if (map.layers[kind]) return map.layers[kind]
  const canvas = new OffscreenCanvas(map.width_px, map.height_px)
  const context = canvas.getContext("2d")
  const image = context.createImageData(map.width_px, map.height_px)
  map.grid.forEach((value, index) => {
    if (kind === "mask") image.data[4 * index + 3] = 255 - value
    else image.data.set([...colourOf(value / 255), value], 4 * index)
  })
  context.putImageData(image, 0, 0)
  map.layers[kind] = canvas
  return canvas
}

/** Lines where the heat crosses a level, in shares of width and height, as a path. */
function contourPath(map, level) {
  const path = new Path2D()
  const { width_px: width, height_px: height, grid } = map
  const limit = level * 255
  const at = (x, y) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : grid[y * width + x]) // closed at the rim
  for (let y = -1; y < height; y += 1) {
    for (let x = -1; x < width; x += 1) {
      const corners = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)]
      const places = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]]
      const crossings = []
      for (let side = 0; side < 4; side += 1) {
        const [from, to] = [corners[side], corners[(side + 1) % 4]]
        if (from >= limit === to >= limit) continue
        const share = (limit - from) / (to - from)
        const [start, end] = [places[side], places[(side + 1) % 4]]
        crossings.push([start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])])
      }
      for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
        for (const [end, move] of [[crossings[pair], "moveTo"], [crossings[pair + 1], "lineTo"]]) {
          path[move](Math.min(1, Math.max(0, (end[0] + 0.5) / width)), Math.min(1, Math.max(0, (end[1] + 0.5) / height)))
        }
      }
    }
  }
  return path
}

/** Draw a map into a context whose unit square is the scan; `scale` px are one unit of it. */
function drawMap(context, map, display, opacity, scale) {
  if (!map.has_places || opacity === 0) return
  context.globalAlpha = opacity
  if (display === "contour") {
    map.layers.contours ??= CONTOURS.map((level) => contourPath(map, level))
    context.globalAlpha = Math.min(1, opacity + 0.3) // lines are thin
    CONTOURS.forEach((level, index) => strokeTwice(context, map.layers.contours[index], scale, `rgb(${colourOf(level)})`))
  } else {
    context.imageSmoothingEnabled = true
    context.drawImage(heatCanvas(map, display === "masked" ? "mask" : "heat"), 0, 0, 1, 1)
  }
  context.globalAlpha = 1
}

/** A line that is seen over black and white: its colour, with dark beside it. */
function strokeTwice(context, path, scale, colour, dashed = false) {
  // Lines are as wide on screen whatever the zoom; a unit square is not square on screen, so they are drawn unscaled.
  const wide = new Path2D()
  wide.addPath(path, scale)
  context.save()
  context.setTransform(context.dpr, 0, 0, context.dpr, 0, 0)
  context.lineJoin = "round"
  context.lineWidth = 3.5
  context.strokeStyle = "rgb(0 0 0 / 65%)"
  context.stroke(wide)
  if (dashed) context.setLineDash([6, 4])
  context.lineWidth = 1.75
  context.strokeStyle = colour
  context.stroke(wide)
  context.restore()
}
