// A pointer on the dials or on a chart, from where it goes down until it lets go.
// A mouse moves a threshold at once. A finger may be about to scroll: it moves one by a tap, or once it goes sideways,
// and where the browser takes it for scrolling after all, nothing has happened.

const MOUSE_TREMBLES_PX = 3
const FINGER_TREMBLES_PX = 10

/**
 * Follow pointers that go down on an element; gives back what ends that.
 * `asked(event, press)` says which threshold is asked for and where, null for nothing; `gripped(event)` what is held at
 * a point of its own (`which`, null while both lie there), and then a press that does not move changes nothing.
 */
function followPointer(element, held, asked, gripped = () => null) {
  const pressOf = (event) => (held.press?.element === element && held.press.id === event.pointerId ? held.press : null)
  const follow = (press, event) => {
    const wanted = asked(event, press)
    if (wanted === null) return
    if (press.before === null) setOut(press, held)
    press.which = wanted.which
    if (press.which !== null) moveTo(held, press.which, wanted.value)
  }
  const take = (press) => element.dispatchEvent(new CustomEvent("taken", { detail: press.which }))
  element.onpointerdown = (event) => {
    if (event.button !== 0 || held.threshold === null || held.press) return
    event.preventDefault()
    element.setPointerCapture(event.pointerId)
    const grip = gripped(event)
    const press = { element, id: event.pointerId, x: event.clientX, y: event.clientY, grip, which: grip?.which ?? null, before: null, strayed: false }
    held.press = press
    if (event.pointerType !== "mouse" || grip !== null) return
    follow(press, event)
    take(press)
  }
  element.onpointermove = (event) => {
    const press = pressOf(event)
    if (press !== null && (press.before !== null || setsOut(press, event))) follow(press, event)
  }
  element.onpointerup = (event) => {
    const press = pressOf(event)
    if (press === null) return
    if (press.before === null && press.grip === null && !press.strayed) follow(press, event) // a finger's tap
    held.press = null
    take(press)
    if (press.before !== null) release(held)
  }
  element.onpointercancel = element.onlostpointercapture = (event) => pressOf(event) && giveUp(held)
  return () => held.press?.element === element && giveUp(held)
}

/** Whether a pointer that waited is on its way now: sideways, as fingers scroll along the other direction. */
function setsOut(press, event) {
  const isMouse = event.pointerType === "mouse"
  const [across, along] = [Math.abs(event.clientX - press.x), Math.abs(event.clientY - press.y)]
  const trembles = isMouse ? MOUSE_TREMBLES_PX : FINGER_TREMBLES_PX
  press.strayed ||= Math.max(across, along) > trembles
  return across > trembles && (isMouse || across > along)
}

/** From here on thresholds move: remember where they stood; what was typed and not taken yet is not meant any more. */
function setOut(press, held) {
  held.edited = null
  if (held.timer) release(held)
  press.before = { threshold: held.threshold, upper: held.upper }
}

/** Let go without having moved anything. */
function giveUp(held) {
  Object.assign(held, held.press.before)
  held.press = null
  paintSoon(held)
}
