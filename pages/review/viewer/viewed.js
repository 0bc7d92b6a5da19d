// What the viewer holds: the case, its maps and slices, where one looks and how. Its parts meet here.

const SETTINGS_KEPT = "ct-explorer.viewer"
const DISPLAYS = ["heat", "contour", "masked"]
const SLICES_HELD = 64

const viewed = (globalThis[Symbol.for("ct-explorer.viewer")] ??= {
  key: "", // of the case: run and path
  facts: null, // as Python sent them with the case
  picture: null, // of the case
  shown: null, // what is on screen: the case's picture, or that of a slice beside it
  maps: { key: "", list: [], problem: "" },
  slices: new Map(), // pictures by number, of this case's group
  at: 0, // number of the slice on screen
  outline: null, // { polygons, refused } of the case
  window: null,
  place: { zoom: 1, x: 0.5, y: 0.5 },
  settings: keptSettings(),
  tool: "", // point or rectangle, while one is being drawn
  mark: null, // drawn by this reader and not in a note yet
  tell: null, // (name, value): to Python, of marks
  turn: null, // (value): to Python, which case is wanted
  telling: Promise.resolve(), // settled once all that was said to Python has gone out
  ask: null, // (value): to Python, for slices and the outline
  asked: "",
  paint: null,
  frame: 0,
})

/** How the reader likes it, kept for this browser session. */
function keptSettings() {
  const usual = { heat: true, display: "heat", opacity: 0.55, outline: false }
  try {
    return { ...usual, ...JSON.parse(sessionStorage.getItem(SETTINGS_KEPT) ?? "{}") }
  } catch {
    return usual // a browser that keeps nothing, or something else
  }
}

function set(changes) {
  Object.assign(viewed.settings, changes)
  try {
    sessionStorage.setItem(SETTINGS_KEPT, JSON.stringify(viewed.settings))
  } catch {
    // then it is forgotten with the page
  }
  if (changes.outline) askFor([])
  paintSoon()
}

/** Paint everything once, with the next frame. */
function paintSoon() {
  if (viewed.frame) return
  viewed.frame = requestAnimationFrame(() => {
    viewed.frame = 0
    viewed.paint?.()
  })
}

/** A case has come from Python; its picture is unpacked before the old one goes. */
async function takeCase(header, blob) {
  coming.lastCase = [header, blob]
  if (coming.pending && coming.pending !== header.key) return
  viewed.coming = header.key + header.version
  const picture = viewed.facts?.version === header.version && viewed.picture ? viewed.picture : await readPicture(header.picture, blob)
  if (viewed.coming !== header.key + header.version) return // paged on meanwhile
  showCase(header, picture)
}

/** Put a case on screen; its maps come by themselves. */
function showCase(header, picture) {
  const isNew = viewed.key !== header.key
  const before = viewed.picture
  Object.assign(viewed, { key: header.key, facts: header, picture, mark: header.mark })
  if (isNew) {
    viewed.slices.clear()
    Object.assign(viewed, { at: header.at, shown: picture, outline: null, tool: "", asked: "", place: wholeScan() })
    if (viewed.window === null || !shareWindows(before, picture)) viewed.window = firstWindow(picture)
    if (viewed.settings.outline) askFor([])
  } else if (viewed.at === header.at) viewed.shown = picture
  paintSoon()
}

/** Maps have come; they are drawn only over the scan that they are of. */
async function takeMaps(header, blobs) {
  coming.lastMaps = [header, blobs]
  if (coming.pending && coming.pending !== header.key) return
  viewed.mapsComing = header.version
  if (viewed.maps.version === header.version) return
  const list = await Promise.all(header.maps.map((facts, index) => readMap(facts, blobs[index])))
  if (viewed.mapsComing !== header.version) return
  viewed.maps = { key: header.key, version: header.version, list, problem: header.problem }
  paintSoon()
}

/** Slices of the case's group, and its outline, have come. */
async function takeSlices(header, blobs) {
  const pictures = await Promise.all(header.slices.map((slice, index) => (slice.picture ? readPicture(slice.picture, blobs[index]) : null)))
  if (header.key !== viewed.key) return
  header.slices.forEach((slice, index) => viewed.slices.set(slice.at, pictures[index] ?? { problem: slice.problem }))
  for (const old of [...viewed.slices.keys()].slice(0, -slicesIn(MOST_PX_HELD, SLICES_HELD))) viewed.slices.delete(old)
  if (header.outline) viewed.outline = header.outline
  viewed.asked = ""
  turnTo(viewed.at)
}

/** Maps of the case on screen; none while they are being computed. */
function mapsNow() {
  return viewed.maps.key === viewed.key ? viewed.maps : { key: viewed.key, list: [], problem: null }
}

/** Ask Python for slices by number, and for the outline where it is wanted; the same is asked for once. */
function askFor(numbers) {
  const outline = viewed.settings.outline && viewed.outline === null
  const wish = { key: viewed.key, slices: numbers, outline }
  const text = JSON.stringify(wish)
  if ((numbers.length === 0 && !outline) || viewed.asked === text || !viewed.ask || coming.pending) return
  viewed.asked = text
  viewed.ask(wish)
}
