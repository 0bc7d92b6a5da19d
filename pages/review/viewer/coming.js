// The cases beside this one, held in the browser: a key or a click shows one at once, and Python follows.
// Until it has, what stands beside the scan is still about the one before: it is dimmed and takes no key and no click.

const ASK_AFTER_MS = 250 // the case itself comes first
const MOST_ASKED = 12 // times for one case: what is never ready is not asked for for ever
const FOLLOWS_AFTER_MS = 3000 // Python has painted the case before once more, and nothing since
const GIVES_UP_AFTER_MS = 20000 // Python has said nothing at all
const BUTTONS = { ArrowLeft: "previous", ArrowRight: "next" }
const FIELDS = "input, textarea, select, [contenteditable=true]" // there, arrows are not the buttons'

const coming = (viewed.ahead ??= {
  python: "", // key of the case that Python has painted in full, with what stands beside it
  beside: { previous: "", next: "" }, // keys of the cases around it
  asked: "", // which maps; those held of other maps are let go
  held: new Map(), // { header, picture, maps } by key: at most the cases beside
  pending: "", // key of the case on screen that Python has not painted yet
  timer: 0, // until Python is followed whatever is on screen
  asking: 0, // until the cases beside are asked for
  lastCase: null, // as Python sent them last, to go back to
  lastMaps: null,
  tell: null,
})

/** Python has painted a case in full, or answers with the cases beside it. */
async function takeComing(header, blobs) {
  if (header.answer) {
    const cases = await Promise.all(header.cases.map((_, index) => readHeld(blobs[2 * index], blobs[2 * index + 1])))
    if (header.key !== coming.python || header.asked !== coming.asked || coming.pending) return
    coming.held = new Map(cases.map((each) => [each.header.key, each]))
    if (header.cases.length < header.count) askForCases(header.tries + 1)
    return
  }
  const beside = Object.values(header.beside)
  for (const [key] of coming.held) if (header.asked !== coming.asked || !beside.includes(key)) coming.held.delete(key)
  const from = coming.python
  Object.assign(coming, { python: header.key, beside: header.beside, asked: header.asked })
  if (coming.pending === header.key) caughtUp()
  else if (coming.pending && header.key === from) followIn(FOLLOWS_AFTER_MS)
  else if (coming.pending) followPython()
  askForCases(0)
}

async function readHeld(caseBlob, mapsBlob) {
  const [one, two] = [unpack(caseBlob), unpack(mapsBlob)]
  const picture = await readPicture(one.header.picture, one.blobs[0])
  const list = await Promise.all(two.header.maps.map((facts, index) => readMap(facts, two.blobs[index])))
  return { header: one.header, picture, maps: { key: two.header.key, version: two.header.version, list, problem: two.header.problem } }
}

/** Once the case is on screen with its maps, ask for those beside it. */
function askForCases(tries) {
  const key = coming.python
  clearTimeout(coming.asking)
  if (tries > MOST_ASKED || !Object.values(coming.beside).some(Boolean)) return
  coming.asking = setTimeout(() => {
    if (coming.python !== key || coming.pending) return
    if (isSettled()) coming.tell?.({ key, tries })
    else askForCases(tries + 1)
  }, ASK_AFTER_MS)
}

/** Whether what is on screen is all of one case, as Python painted it. */
function isSettled() {
  return !coming.pending && viewed.key === coming.python && viewed.maps.key === viewed.key && viewed.picture !== null
}

/** Show the case that a button leads to, if it is held; the button's event goes on to Python. */
function turnAtOnce(side) {
  const found = coming.held.get(coming.beside[side])
  if (!found || !isSettled() || !document.querySelector(`.st-key-${side} button:not(:disabled)`)) return
  coming.pending = found.header.key
  showCase(found.header, found.picture)
  Object.assign(viewed, { coming: "", mapsComing: "", maps: found.maps }) // what is being unpacked is of the case before
  document.documentElement.classList.add("viewer-is-ahead")
  followIn(GIVES_UP_AFTER_MS)
}

function caughtUp() {
  clearTimeout(coming.timer)
  coming.pending = ""
  document.documentElement.classList.remove("viewer-is-ahead")
  viewed.asked = ""
  if (viewed.parts) turnTo(viewed.at) // slices and the outline are asked for only now
  if (viewed.settings.outline) askFor([])
}

/** What Python painted last stands: the picture goes back to it. */
function followPython() {
  caughtUp()
  if (coming.lastCase) takeCase(...coming.lastCase)
  if (coming.lastMaps) takeMaps(...coming.lastMaps)
}

function followIn(afterMs) {
  clearTimeout(coming.timer)
  coming.timer = setTimeout(followPython, afterMs)
}

/** The component is gone, as on another page: nothing is held any more. */
function forgetComing() {
  clearTimeout(coming.asking)
  coming.held.clear()
  Object.assign(coming, { python: "", beside: { previous: "", next: "" }, tell: null })
  if (coming.pending) caughtUp()
}

/** Whether a key may not pass: all that are not the viewer's own, while Python has not caught up. */
function isHeldBack(event) {
  return coming.pending !== "" && !/^F\d+$/.test(event.key)
}

/** Listen to what turns to another case, before Streamlit does; gives what stops it. */
function followTurns() {
  const turn = (event) => {
    if (!event.isTrusted) return // a button's shortcut clicks it: its key was looked at already
    const target = event.composedPath()[0]
    if (!(target instanceof Element)) return
    if (coming.pending) {
      if (!target.closest(".viewer") && target.closest('[data-testid="stMain"]')) {
        event.preventDefault()
        event.stopImmediatePropagation()
      }
    } else if (event.type === "click") {
      const side = Object.values(BUTTONS).find((name) => target.closest(`.st-key-${name} button`))
      if (side) turnAtOnce(side)
    }
  }
  const kinds = ["pointerdown", "mousedown", "click"]
  for (const kind of kinds) globalThis.addEventListener(kind, turn, true)
  return () => {
    for (const kind of kinds) globalThis.removeEventListener(kind, turn, true)
  }
}

/** An arrow that is the button's key shows the case at once. */
function turnByKey(event, target) {
  const isField = target instanceof Element && target.closest(FIELDS)
  if (BUTTONS[event.key] && !isField && !event.shiftKey) turnAtOnce(BUTTONS[event.key])
}
