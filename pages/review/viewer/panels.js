// The panels: the scan once for each map, side by side, or once without.

/** As many panels as there are maps; while they are being computed, as many as there were. */
function fitPanels(parts) {
  const count = mapsNow().list.length || Math.max(1, parts.panels.length)
  while (parts.panels.length > count) parts.panels.pop().figure.remove()
  while (parts.panels.length < count) {
    const figure = parts.template.content.firstElementChild.cloneNode(true)
    const canvas = figure.querySelector("canvas")
    const panel = { figure, canvas, caption: figure.querySelector("figcaption"), context: canvas.getContext("2d") }
    followPointer(panel)
    parts.sizes.observe(canvas)
    parts.row.append(figure)
    parts.panels.push(panel)
  }
  parts.row.dataset.count = String(count)
}

/** The panel's size in px of the page; its canvas has as many dots as the screen has there. */
function measure(panel) {
  const { clientWidth: width, clientHeight: height } = panel.canvas
  const dpr = globalThis.devicePixelRatio || 1
  const [across, down] = [Math.max(1, Math.round(width * dpr)), Math.max(1, Math.round(height * dpr))]
  if (panel.canvas.width !== across || panel.canvas.height !== down) Object.assign(panel.canvas, { width: across, height: down })
  return { width, height, dpr }
}

function paintPanel(panel, map) {
  const size = measure(panel)
  const { context } = panel
  context.dpr = size.dpr
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.fillStyle = "#000"
  context.fillRect(0, 0, panel.canvas.width, panel.canvas.height)
  const box = boxOf(viewed.place, viewed.shown, size)
  const matrix = new DOMMatrix([box.width, 0, 0, box.height, box.left, box.top])
  context.setTransform(new DOMMatrix([size.dpr, 0, 0, size.dpr, 0, 0]).multiply(matrix))
  context.imageSmoothingEnabled = true
  context.imageSmoothingQuality = "high"
  context.drawImage(greyCanvas(viewed.shown, viewed.window), 0, 0, 1, 1)
  if (isCase()) {
    const { heat, display, opacity, outline } = viewed.settings
    if (heat && map) drawMap(context, map, display, opacity, matrix)
    if (outline) drawOutline(context, matrix)
    for (const mark of viewed.facts.noted) drawMark(context, mark, matrix, "#ffd166", true)
    const drawn = viewed.drawing ?? viewed.mark
    if (drawn) drawMark(context, drawn, matrix, "#ffd166", false)
  }
  const label = labelOf(map)
  if (panel.canvas.getAttribute("aria-label") !== label) panel.canvas.setAttribute("aria-label", label)
  panel.canvas.dataset.tool = viewed.tool
  panel.canvas.style.touchAction = viewed.place.zoom > 1 || viewed.tool ? "none" : "pan-y"
}

function drawOutline(context, matrix) {
  if (!viewed.outline?.polygons.length) return
  if (!viewed.outline.path) {
    viewed.outline.path = new Path2D()
    for (const polygon of viewed.outline.polygons) {
      polygon.forEach(([x, y], index) => viewed.outline.path[index ? "lineTo" : "moveTo"](x, y))
      viewed.outline.path.closePath()
    }
  }
  strokeTwice(context, viewed.outline.path, matrix, "#5ad1e6")
}

/** What the canvas shows, for those who do not see it. */
function labelOf(map) {
  const { facts, settings } = viewed
  const drawn = map && isCase() && settings.heat && map.has_places
  const how = { heat: "the heat", contour: "the contours", masked: "only the looked-at places, by the map" }[settings.display]
  const over = drawn ? `, with ${how} of ${map.method_words} for ${map.target_words}` : ""
  const turned = isCase() ? "" : `, ${sliceWords()}`
  return `${facts.label}${over}${turned}`
}

/** The map's figures under its panel: class score and unscaled maximum are always there. */
function paintCaption(panel, map, maps) {
  let text = ""
  if (map) text = [map.title, map.figures, map.says].filter(Boolean).join("\n")
  else if (maps.problem !== null) text = maps.problem
  else text = "The map is being computed."
  const { caption } = panel
  if (caption.dataset.text === text) return
  caption.dataset.text = text
  caption.replaceChildren(...text.split("\n").filter(Boolean).map((line, index) => {
    const node = document.createElement(index === 0 && map ? "b" : "span")
    node.textContent = line
    if (map && line === map.says) node.className = "viewer-warns"
    return node
  }))
}
