// The dials: a handle or two on a scale, fields to type in, and what the thresholds do on each split.

const CELL_WORDS = { found: "found", missed: "missed", falseAlarms: "false alarms", cleared: "cleared", referredPositives: "referred", referredOthers: "referred" }
const KEY_STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 1, PageDown: -1 }

/** Put text where it is not yet: what stays as it is costs no layout. */
function say(node, text) {
  if (node.textContent !== text) node.textContent = text
}

/** Make the dials listen, once, and give back what paints them. */
function setUpDials(root, held) {
  const track = root.querySelector(".finger-track")
  const parts = {
    root,
    track,
    handles: root.querySelectorAll(".finger-handle"),
    zones: [...root.querySelectorAll("[data-zone]")],
    fields: root.querySelectorAll(".finger-field input"),
    remark: root.querySelector(".finger-remark"),
    label: root.querySelector('[data-says="threshold"]'),
    inForce: root.querySelector(".finger-in-force"),
    ticks: [...root.querySelectorAll(".finger-ticks span")],
    scale: root.querySelector(".finger-scale select"),
    two: root.querySelector(".finger-switch input"),
    said: root.querySelector(".finger-said"),
    cards: [],
  }
  const rail = track.querySelector(".finger-rail")
  const end = followPointer(
    track,
    held,
    (event, press) => {
      const box = rail.getBoundingClientRect()
      const value = thresholdAt(held, (event.clientX - (press.grip?.px ?? 0) - box.left) / box.width)
      if (press.which !== null) return { which: press.which, value }
      if (press.grip === null) return { which: nearest(held, value, (score) => placeOf(held, score)), value }
      return { which: event.clientX < press.x ? "threshold" : "upper", value } // both lie there: the one that can follow
    },
    (event) => (event.target.closest(".finger-handle") ? gripOf(held, event.clientX, rail.getBoundingClientRect()) : null),
  )
  track.addEventListener("taken", (event) => handleOf(parts, event.detail ?? "threshold").focus({ preventScroll: true }))
  for (const handle of parts.handles) {
    handle.onkeydown = (event) => followKey(event, held, handle.dataset.which)
    handle.onblur = () => held.timer && release(held) // whatever is pressed next must know
  }
  for (const field of parts.fields) {
    field.oninput = () => (held.edited = field)
    field.onchange = field.onblur = () => settle(parts, held, field)
  }
  parts.two.onchange = () => {
    held.upper = parts.two.checked ? thresholdAt(held, (placeOf(held, held.threshold) + 1) / 2) : null
    release(held)
  }
  parts.scale.onchange = () => {
    held.scale = parts.scale.value
    keepScale(held.scale)
    paintSoon(held)
  }
  return { paint: () => paintDials(parts, held), recolour: () => undefined, end }
}

function handleOf(parts, which) {
  return [...parts.handles].find((handle) => handle.dataset.which === which)
}

/** Which handle is gripped, null while both lie there, and how far from its middle. */
function gripOf(held, x, box) {
  const px = (which) => x - box.left - placeOf(held, held[which]) * box.width
  const lower = { which: "threshold", px: px("threshold") }
  if (held.upper === null) return lower
  const upper = { which: "upper", px: px("upper") }
  if (Math.abs(upper.px - lower.px) < 1) return { which: null, px: upper.px }
  return Math.abs(upper.px) < Math.abs(lower.px) ? upper : lower
}

/** Arrows go to the next scan, with Shift a thousandth; Page a twentieth of the scans; Home and End to the ends. */
function followKey(event, held, which) {
  if (event.altKey || event.ctrlKey || event.metaKey) return // the browser's own: back, forward, the system's
  const now = held[which]
  let next = null
  if (event.key === "Home") next = which === "upper" ? held.threshold : 0
  else if (event.key === "End") next = which === "upper" ? 1 : (held.upper ?? 1)
  else if (event.key in KEY_STEPS) {
    const step = KEY_STEPS[event.key]
    const sorted = held.scores?.sorted ?? []
    if (sorted.length === 0 || event.shiftKey) next = thousandthOn(now, step)
    else if (event.key.startsWith("Page")) next = twentiethOn(sorted, now, step)
    else next = nextThatCounts(sorted, now, step)
  }
  if (next === null) return
  event.preventDefault()
  moveTo(held, which, next)
  releaseSoon(held)
}

function thousandthOn(threshold, step) {
  const from = step > 0 ? Math.floor(threshold * STEPS + 1e-9) : Math.ceil(threshold * STEPS - 1e-9)
  return stepped((from + step) / STEPS)
}

/** Take what was typed, if it can be; from then on the field shows the threshold as it stands. */
function settle(parts, held, field) {
  if (held.edited !== field) return
  held.edited = null
  held.remark = null
  const which = field.dataset.which
  const text = field.value.trim()
  if (held[which] !== null && text !== typed(held[which])) takeTyped(held, which, text, held.upper === null ? "" : `${labelOf(parts, which)}: `)
  say(parts.said, "") // the same words are to be heard again
  paintSoon(held)
}

/** Take a number, as far as the other threshold lets it go; what is none changes nothing. Either is remarked upon. */
function takeTyped(held, which, text, whose) {
  const value = text === "" ? NaN : Number(text.replace(",", "."))
  if (!(value >= 0 && value <= 1)) {
    remark(held, `${whose}expected a number from 0 to 1, found ${text === "" ? "nothing" : `"${text}"`}; it stays at ${typed(held[which])}.`)
    return
  }
  moveTo(held, which, value)
  if (held[which] !== value) remark(held, `${whose}${text} would pass the other threshold; it stands there, at ${typed(held[which])}.`)
  release(held)
}

/** Words about what was typed; they hold until a threshold moves. */
function remark(held, words) {
  held.remark = { words: words[0].toUpperCase() + words.slice(1), threshold: held.threshold, upper: held.upper }
}

function remarkOn(held) {
  const said = held.remark
  return said && said.threshold === held.threshold && said.upper === held.upper ? said.words : ""
}

function labelOf(parts, which) {
  return which === "upper" ? "Rule in from" : parts.label.textContent
}

function paintDials(parts, held) {
  if (held.threshold === null) return
  const isTwo = held.upper !== null
  const places = [held.threshold, held.upper ?? held.threshold].map((score) => placeOf(held, score))
  parts.root.classList.toggle("is-two", isTwo)
  say(parts.label, isTwo ? "Rule out below" : parts.root.dataset.label)
  parts.two.checked = isTwo
  parts.zones.forEach((zone, place) => {
    const [from, to] = [[0, places[0]], places, [places[1], 1]][place]
    zone.style.transform = `translateX(${from * 100}%) scaleX(${to - from})`
  })
  parts.inForce.hidden = held.inForce === null
  if (held.inForce !== null) parts.inForce.style.left = `${placeOf(held, held.inForce) * 100}%`
  parts.scale.value = held.scale
  parts.ticks.forEach((tick, place) => say(tick, TICKS[isByShare(held) ? "share" : "score"][place]))
  const words = heard(held)
  for (const handle of parts.handles) {
    const value = held[handle.dataset.which]
    handle.hidden = value === null
    if (value === null) continue
    handle.style.left = `${placeOf(held, value) * 100}%`
    handle.setAttribute("aria-label", labelOf(parts, handle.dataset.which))
    handle.setAttribute("aria-valuenow", String(value))
    handle.setAttribute("aria-valuetext", words)
  }
  for (const field of parts.fields) {
    const value = held[field.dataset.which]
    if (value !== null && held.edited !== field && field.value !== typed(value)) field.value = typed(value)
  }
  const remarked = remarkOn(held)
  say(parts.remark, remarked)
  if (!held.press && !held.timer && (held.turn > 0 || remarked)) say(parts.said, `${remarked} ${words}`.trim())
  if (held.scores === null) return
  if (parts.cards.length === 0) parts.cards = held.scores.splits.map((split) => addCard(parts.root, held.scores, split))
  parts.cards.forEach((card, place) => paintCard(card, held.scores, held.scores.splits[place], held))
}

function addCard(root, scores, split) {
  const card = root.querySelector("template").content.cloneNode(true).firstElementChild
  card.dataset.split = split.name
  const texts = { ...scores.words, name: split.title, role: split.role, note: split.note }
  for (const node of card.querySelectorAll("[data-says]")) say(node, texts[node.dataset.says] ?? "")
  for (const cell of card.querySelectorAll("[data-cell]")) cell.append(...["b", "small", "small"].map((name) => document.createElement(name)))
  for (const value of card.querySelectorAll("dd")) value.append(...["b", "small"].map((name) => document.createElement(name)))
  root.querySelector(".finger-cards").append(card)
  return {
    cells: [...card.querySelectorAll("[data-cell]")],
    rates: [...card.querySelectorAll("[data-rate]")],
    heads: { in: card.querySelector('[data-says="in"]'), out: card.querySelector('[data-says="out"]') },
  }
}

/** What Python drew of a split for these very thresholds; null while it has not. */
function endsByGroups(held, name) {
  const drawn = held.intervals
  return drawn !== null && drawn.threshold === held.threshold && drawn.upper === held.upper ? (drawn.splits[name] ?? null) : null
}

/** An interval by groups in words, or that it is awaited. */
function spanByGroups({ ends }, rate) {
  if (ends === null) return "\u2026"
  const pair = ends[rate] ?? null
  return span(pair === null ? null : { low: pair[0], high: pair[1] })
}

function paintCard(card, scores, split, held) {
  const counts = countsAt(split, held.threshold, held.upper)
  const rates = ratesOf(counts, scores.z)
  const byGroups = split.by_groups ? { ends: endsByGroups(held, split.name) } : null
  say(card.heads.in, held.upper === null ? "called positive" : "ruled in")
  say(card.heads.out, held.upper === null ? "called negative" : "ruled out")
  for (const cell of card.cells) {
    const name = cell.dataset.cell
    const total = name in { found: 1, missed: 1, referredPositives: 1 } ? split.positives.length : split.others.length
    const [number, word, share] = cell.children
    say(number, count(counts[name]))
    number.classList.toggle("is-long", number.textContent.length > 6)
    say(word, name === "falseAlarms" && counts[name] === 1 ? "false alarm" : CELL_WORDS[name])
    say(share, total === 0 ? "of none" : `${fixed((counts[name] / total) * 100, 1)}%`)
    cell.style.setProperty("--strength", `${Math.round(8 + (total === 0 ? 0 : (42 * counts[name]) / total))}%`)
  }
  for (const node of card.rates) {
    const rate = rates[node.dataset.rate]
    const [value, interval] = node.lastElementChild.children
    say(value, percent(rate))
    say(interval, byGroups === null ? span(rate) : spanByGroups(byGroups, node.dataset.rate))
    interval.classList.toggle("is-awaited", byGroups !== null && byGroups.ends === null)
  }
}
