// What the page holds of each run: its scores, where the thresholds stand, and who paints them.
// The parts of the page are mounted apart from each other; they meet here.

const HELD_AT_MOST = 4
const PATIENCE_MS = 3000
const STEPS = 1000 // of a move by hand, from 0 to 1

const heldRuns = (globalThis[Symbol.for("ct-explorer.threshold")] ??= new Map())

/** What is held of a run. */
function holdOf(key) {
  let held = heldRuns.get(key)
  if (held === undefined) {
    held = {
      key, scores: null, threshold: null, upper: null, inForce: null, scale: keptScale(), painters: new Set(), frame: 0,
      press: null, timer: 0, send: null, turn: 0, sentAt: 0, // press: of a pointer; turn: how often Python was told
      edited: null, // the field that somebody is typing in; a pointer that moves a threshold ends it
      remark: null, // on what was typed, and the thresholds that it belongs to
      intervals: null, // by groups, as Python drew them, and the thresholds that they belong to
    }
    heldRuns.set(key, held)
    for (const old of [...heldRuns.keys()].slice(0, -HELD_AT_MOST)) heldRuns.delete(old)
  }
  return held
}

/** Paint everything once, with the next frame. */
function paintSoon(held) {
  if (held.frame) return
  held.frame = requestAnimationFrame(() => {
    held.frame = 0
    for (const paint of held.painters) paint()
  })
}

/** Take the thresholds that Python knows, unless the finger is ahead of it. */
function adopt(held, { threshold, upper, turn }, isNew) {
  const answerIsOld = turn < held.turn && !isNew && performance.now() - held.sentAt < PATIENCE_MS
  if (held.timer || answerIsOld) return
  held.turn = turn
  Object.assign(held.press?.before ?? held, { threshold, upper }) // during a move: what giving it up goes back to
  paintSoon(held)
}

/** Move one of the thresholds, `threshold` or `upper`; neither passes the other. */
function moveTo(held, which, value) {
  if (which === "upper") held.upper = Math.min(1, Math.max(value, held.threshold))
  else held.threshold = Math.max(0, Math.min(value, held.upper ?? 1))
  paintSoon(held)
}

/**
 * Which of the thresholds a score is nearer to; beyond both of them the outer one, and null where all three are one.
 * `placed` says how far apart.
 */
function nearest(held, value, placed = (score) => score) {
  if (held.upper === null) return "threshold"
  if (held.upper === held.threshold) return value === held.threshold ? null : value < held.threshold ? "threshold" : "upper"
  const [at, upper, lower] = [value, held.upper, held.threshold].map(placed)
  return Math.abs(at - upper) < Math.abs(at - lower) ? "upper" : "threshold"
}

/** Let Python know, now. */
function release(held) {
  clearTimeout(held.timer)
  held.timer = 0
  held.turn += 1
  held.sentAt = performance.now()
  held.send?.({ threshold: held.threshold, upper: held.upper, turn: held.turn })
  paintSoon(held)
}

/** Let Python know once the keys have come to rest. */
function releaseSoon(held) {
  clearTimeout(held.timer)
  held.timer = setTimeout(() => release(held), 180)
}

/** A place on a scale in steps of a thousandth. */
function stepped(value) {
  return Math.round(Math.min(1, Math.max(0, value)) * STEPS) / STEPS
}

/** Take the bytes of a run's scores: four bytes with the header's length, the header, the sorted scores of each split. */
function receiveScores(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)))
  const held = holdOf(header.key)
  if (held.scores !== null) return
  const kind = header.bytes_per_score === 4 ? Float32Array : Float64Array
  let at = 4 + length
  const take = (size) => {
    const start = bytes.byteOffset + at
    at += size * header.bytes_per_score
    return new kind(bytes.buffer.slice(start, bytes.byteOffset + at))
  }
  const splits = header.splits.map((split) => ({ ...split, positives: take(split.positives), others: take(split.others) }))
  const { positives, others } = splits[0]
  const sorted = new Float64Array(positives.length + others.length) // of validation, where thresholds are chosen
  sorted.set(positives)
  sorted.set(others, positives.length)
  held.scores = { ...header, splits, sorted: sorted.sort() }
  paintSoon(held)
}
