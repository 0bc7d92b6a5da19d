// Wheel, mouse and fingers over a panel: slices, zoom, pan, window, and drawing a mark.

const ZOOM_STEP = 1.25
const LEAST_RECTANGLE_PX = 5

function followPointer(panel) {
  const { canvas } = panel
  const pointers = new Map() // by id, where each is
  let gesture = null // what the first one does
  let turned = 0 // px of the wheel that have not made a slice yet
  const at = (event) => {
    const box = canvas.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const size = () => ({ width: canvas.clientWidth, height: canvas.clientHeight })
  const scanUnder = (point) => scanAt(viewed.place, viewed.shown, size(), point.x, point.y)

  canvas.addEventListener("wheel", (event) => {
    if (!viewed.shown) return
    const px = event.deltaY * [1, 16, 400][event.deltaMode]
    if (event.ctrlKey || event.metaKey) {
      const { x, y } = at(event)
      viewed.place = zoomedAt(viewed.place, viewed.shown, size(), Math.exp(-px / 250), x, y)
      paintSoon()
    } else if (sliceCount() > 1) {
      turned += px
      const slices = Math.trunc(turned / PX_A_SLICE)
      turned -= slices * PX_A_SLICE
      if (slices) turnTo(viewed.at + slices)
    } else return // the page scrolls
    event.preventDefault()
  }, { passive: false })

  canvas.oncontextmenu = (event) => event.preventDefault()
  canvas.ondblclick = () => fit()
  canvas.onpointerdown = (event) => {
    if (!viewed.shown) return
    const point = at(event)
    pointers.set(event.pointerId, point)
    canvas.setPointerCapture(event.pointerId)
    if (pointers.size > 1) gesture = "pinch"
    else if (event.button === 2 || event.shiftKey) gesture = "window"
    else if (viewed.tool && isCase()) {
      gesture = "draw"
      viewed.from = { scan: scanUnder(point), point }
    } else gesture = "pan"
  }
  canvas.onpointermove = (event) => {
    const before = pointers.get(event.pointerId)
    if (!before) return
    const now = at(event)
    if (gesture === "pinch") pinch(pointers, event.pointerId, now, size())
    else if (gesture === "pan") viewed.place = panned(viewed.place, viewed.shown, size(), now.x - before.x, now.y - before.y)
    else if (gesture === "window") dragWindow(now.x - before.x, now.y - before.y)
    else if (gesture === "draw") viewed.drawing = markBetween(viewed.tool, viewed.from.scan, scanUnder(now))
    pointers.set(event.pointerId, now)
    paintSoon()
  }
  const ends = (event) => {
    if (!pointers.has(event.pointerId)) return
    const last = pointers.get(event.pointerId)
    pointers.delete(event.pointerId)
    if (gesture === "draw" && event.type === "pointerup") finishMark(last, scanUnder(last))
    viewed.drawing = null
    gesture = pointers.size ? "pan" : null
    paintSoon()
  }
  canvas.onpointerup = ends
  canvas.onpointercancel = ends
  canvas.onlostpointercapture = ends
}

function finishMark(point, scan) {
  const { from, tool } = viewed
  const far = Math.min(Math.abs(point.x - from.point.x), Math.abs(point.y - from.point.y))
  if (tool === "rectangle" && far < LEAST_RECTANGLE_PX) return // a click is no rectangle: go on drawing
  keepMark(markBetween(tool, from.scan, scan))
}

function pinch(pointers, id, now, size) {
  const [other] = [...pointers].filter(([key]) => key !== id).map(([, point]) => point)
  const before = pointers.get(id)
  const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y)
  const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }
  const factor = distance(now, other) / Math.max(1, distance(before, other))
  viewed.place = zoomedAt(viewed.place, viewed.shown, size, factor, middle.x, middle.y)
  viewed.place = panned(viewed.place, viewed.shown, size, (now.x - before.x) / 2, (now.y - before.y) / 2)
}

/** Right changes the width, down the centre: as in other viewers, brighter upwards. */
function dragWindow(dx, dy) {
  const { low, high, widest } = windowRange(viewed.shown)
  const step = Math.max(1, high - low) / 600
  const width = Math.min(widest, Math.max(1, viewed.window.width + dx * step))
  const centre = Math.min(high, Math.max(low, viewed.window.centre + dy * step))
  viewed.window = { ...viewed.window, width, centre }
}

/** The whole scan again. */
function fit() {
  viewed.place = wholeScan()
  paintSoon()
}

/** Zoom in the middle of the panels by steps. */
function zoomBy(steps) {
  const { canvas } = viewed.parts.panels[0]
  const size = { width: canvas.clientWidth, height: canvas.clientHeight }
  viewed.place = zoomedAt(viewed.place, viewed.shown, size, ZOOM_STEP ** steps, size.width / 2, size.height / 2)
  paintSoon()
}

/** Pan by shares of the panel, which the arrow keys do. */
function panBy(across, down) {
  const { canvas } = viewed.parts.panels[0]
  const size = { width: canvas.clientWidth, height: canvas.clientHeight }
  viewed.place = panned(viewed.place, viewed.shown, size, -across * size.width, -down * size.height)
  paintSoon()
}
