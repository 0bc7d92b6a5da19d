// The cases around this one: a key or a click says to Python which one is wanted, by name, and shows it at once where
// the browser holds it. Until Python has painted that case too, what stands beside the scan is about the one before:
// it is dimmed and takes no key and no click.

const ASK_AFTER_MS = 150 // the case itself comes first
const MOST_ASKED = 12 // times for one case: what is never ready is not asked for for ever
const AGAIN_AFTER_MS = 3000 // Python was told which case is wanted, and has not painted it
const MOST_AGAIN = 6
const STEPS = { ArrowLeft: -1, ArrowRight: 1 }
const FIELDS = "input, textarea, select, [contenteditable=true]" // there, arrows are not the worklist's

const coming = (viewed.ahead ??= {
  python: "", // key of the case that Python has painted in full, with what stands beside it
  order: [], // keys of the worklist around it
  near: [], // those of them that are worth holding
  asked: "", // which maps at which thresholds; what is held of others is let go
  held: new Map(), // { header, picture, maps } by key, of those near
  pending: "", // key of the case that is wanted and that Python has not painted yet
  told: "", // key of the one that Python was told of last and has not painted: one at a time, whatever is wanted since
  again: 0, // times that it was told again
  timer: 0, // until it is
  asking: 0, // until those near are asked for
  lastCase: null, // as Python sent them last, to go back to
  lastMaps: null,
  tell: null, // (value): to Python, which cases are lacking
})

/** Python has painted a case in full, or answers with cases near it. */
async function takeComing(header, blobs) {
  if (header.answer) {
    const cases = await Promise.all(Array.from({ length: header.cases }, (_, index) => readHeld(blobs[2 * index], blobs[2 * index + 1])))
    if (header.asked !== coming.asked) return
    for (const each of cases) if (isNear(each.header.key)) coming.held.set(each.header.key, each)
    if (header.key === coming.python && header.lacking) askForCases(header.tries + 1)
    return
  }
  if (header.asked !== coming.asked) coming.held.clear()
  Object.assign(coming, { python: header.key, order: header.order, near: header.near, asked: header.asked })
  for (const key of coming.held.keys()) if (!isNear(key)) coming.held.delete(key)
  if (coming.told === header.key) coming.told = ""
  if (coming.pending === header.key) caughtUp()
  else if (coming.pending && !coming.told) tellTurn()
  askForCases(0)
}

/** Whether a case is worth holding; what may still change, as notes of the case on screen do, comes anew. */
function isNear(key) {
  return coming.near.includes(key) && key !== coming.python
}

async function readHeld(caseBlob, mapsBlob) {
  const [one, two] = [unpack(caseBlob), unpack(mapsBlob)]
  const picture = await readPicture(one.header.picture, one.blobs[0])
  const list = await Promise.all(two.header.maps.map((facts, index) => readMap(facts, two.blobs[index])))
  return { header: one.header, picture, maps: { key: two.header.key, version: two.header.version, list, problem: two.header.problem } }
}

/** Once the case is on screen with its maps, ask for those near it that are not held. */
function askForCases(tries) {
  const key = coming.python
  clearTimeout(coming.asking)
  if (tries > MOST_ASKED) return
  coming.asking = setTimeout(() => {
    if (coming.python !== key || coming.pending) return
    const lacking = coming.near.filter((each) => !coming.held.has(each))
    if (viewed.key !== key || viewed.maps.key !== key) askForCases(tries + 1)
    else if (lacking.length) coming.tell?.({ key, lacking, tries })
  }, ASK_AFTER_MS * (1 + tries / 2))
}

/** Turn to the case before or after; gives whether there is one. */
function turn(step) {
  const at = coming.order.indexOf(coming.pending || coming.python)
  const key = coming.order[at + step]
  if (at < 0 || key === undefined || !viewed.turn) return false
  Object.assign(coming, { pending: key, again: 0 })
  document.documentElement.classList.add("viewer-is-ahead")
  const found = coming.held.get(key)
  if (found) {
    showCase(found.header, found.picture)
    Object.assign(viewed, { coming: "", mapsComing: "", maps: found.maps }) // what is being unpacked is of a case before
  }
  if (!coming.told) tellTurn()
  return true
}

/** Tell Python which case is wanted; again where it does not paint it, until there is no hope. */
function tellTurn() {
  clearTimeout(coming.timer)
  coming.told = coming.pending
  viewed.turn({ key: coming.told })
  coming.timer = setTimeout(() => {
    if (coming.again === MOST_AGAIN || !viewed.turn) return followPython()
    coming.again += 1
    return tellTurn()
  }, AGAIN_AFTER_MS)
}

function caughtUp() {
  clearTimeout(coming.timer)
  Object.assign(coming, { pending: "", told: "" })
  document.documentElement.classList.remove("viewer-is-ahead")
  viewed.asked = ""
  if (viewed.parts && viewed.facts) turnTo(viewed.at) // slices and the outline are asked for only now
  if (viewed.settings.outline) askFor([])
}

/** What Python painted last stands: the picture goes back to it. */
function followPython() {
  caughtUp()
  if (coming.lastCase) takeCase(...coming.lastCase)
  if (coming.lastMaps) takeMaps(...coming.lastMaps)
}

/** The component is gone, as on another page: nothing is held any more. */
function forgetComing() {
  clearTimeout(coming.asking)
  coming.held.clear()
  Object.assign(coming, { python: "", order: [], near: [], tell: null })
  if (coming.pending) caughtUp()
}

/** An arrow key turns to another case; while Python has not caught up, no other key but the viewer's own may pass. */
function turnByKey(event, target) {
  const isField = target instanceof Element && target.closest(FIELDS)
  const step = isField || event.shiftKey ? undefined : STEPS[event.key]
  const isHeldBack = coming.pending !== "" && !/^(F\d+|Tab|Shift)$/.test(event.key)
  return (step !== undefined && turn(step)) || isHeldBack
}

/** Listen to clicks before Streamlit does; gives what stops it. */
function followClicks() {
  const follow = (event) => {
    const target = event.composedPath()[0]
    if (!(target instanceof Element)) return
    const step = target.closest(".st-key-previous button") ? -1 : target.closest(".st-key-next button") ? 1 : 0
    const isBeside = target.closest('[data-testid="stMain"]') && !target.closest(".viewer")
    const isTaken = step !== 0 && event.type === "click" ? turn(step) || coming.pending !== "" : coming.pending !== "" && isBeside
    if (!isTaken) return
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  const kinds = ["pointerdown", "mousedown", "click"]
  for (const kind of kinds) globalThis.addEventListener(kind, follow, true)
  return () => {
    for (const kind of kinds) globalThis.removeEventListener(kind, follow, true)
  }
}
