// What follows the thresholds on each chart: how it is made, how it is painted, and what a touch there asks for.

const BAR_GAP = 0.08

function shape(parent, name, className) {
  const node = document.createElementNS(SVG, name)
  node.setAttribute("class", className)
  parent.append(node)
  return node
}

function put(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, typeof value === "number" ? value.toFixed(2) : value)
}

function across(scale, x) {
  return scale.left + ((x - scale.x[0]) / (scale.x[1] - scale.x[0])) * scale.width
}

function down(scale, y) {
  return scale.top + ((scale.y[1] - y) / (scale.y[1] - scale.y[0])) * scale.height
}

/** An upright line with its value above, for each threshold, in a chart whose x axis is the score. */
function addUprights(over) {
  return ["threshold", "upper"].map((which) => ({ which, line: shape(over, "line", "finger-upright"), label: shape(over, "text", "finger-label") }))
}

function paintUprights(uprights, held, scale) {
  for (const { which, line, label } of uprights) {
    const value = held[which]
    const hidden = value === null
    line.style.display = label.style.display = hidden ? "none" : ""
    if (hidden) continue
    const x = across(scale, value)
    put(line, { x1: x, x2: x, y1: scale.top, y2: scale.top + scale.height })
    // Two labels lean away from each other; one leans inwards.
    const leansLeft = held.upper === null ? value > 0.5 : which === "threshold" ? value > 0.15 : value > 0.85
    put(label, { x: x + (leansLeft ? -4 : 4), y: scale.top - 5, "text-anchor": leansLeft ? "end" : "start" })
    say(label, shortly(value))
  }
}

function askedAcross(chart, x, _y, which) {
  const { x: range, width } = chart.scale
  const value = stepped(range[0] + (x / width) * (range[1] - range[0]))
  return { which: which ?? nearest(chart.held, value), value }
}

const OVERLAYS = {
  rates: {
    add: (over) => ({
      uprights: addUprights(over),
      missed: shape(over, "circle", "finger-dot is-missed"),
      alarmed: shape(over, "circle", "finger-dot is-alarmed"),
    }),
    paint(marks, held, scale) {
      paintUprights(marks.uprights, held, scale)
      const rates = ratesOf(countsAt(held.scores.splits[0], held.threshold, held.upper), held.scores.z)
      const places = [[marks.missed, rates.fnr, held.threshold], [marks.alarmed, rates.fpr, held.upper ?? held.threshold]]
      for (const [dot, rate, at] of places) {
        dot.style.display = rate === null ? "none" : ""
        if (rate !== null) put(dot, { cx: across(scale, at), cy: down(scale, rate.value), r: 6 })
      }
    },
    asked: askedAcross,
  },

  roc: {
    add: (over) => ["upper", "threshold"].map((which) => ({ which, mark: shape(over, "rect", `finger-diamond is-${which}`) })),
    paint(marks, held, scale) {
      const split = held.scores.splits[0]
      for (const { which, mark } of marks) {
        const place = held[which] === null ? null : rocPlace(split, held[which])
        mark.style.display = place === null ? "none" : ""
        if (place === null) continue
        const [x, y] = [across(scale, place[0]), down(scale, place[1])]
        put(mark, { x: x - 7, y: y - 7, width: 14, height: 14, transform: `rotate(45 ${x.toFixed(2)} ${y.toFixed(2)})` })
      }
    },
    asked(chart, x, y, which) {
      const { left, top } = chart.scale
      const held = chart.held
      const distance = (fpr, tpr) => Math.hypot(across(chart.scale, fpr) - left - x, down(chart.scale, tpr) - top - y)
      const { fpr, tpr, threshold } = held.scores.roc
      let best = -1
      for (let at = 0; at < threshold.length; at += 1)
        if (best < 0 || distance(fpr[at], tpr[at]) < distance(fpr[best], tpr[best])) best = at
      if (best < 0) return null
      const value = threshold[best] ?? 1 // above every score: the end of the scale comes nearest
      return { which: which ?? nearest(held, value), value }
    },
  },

  scores: {
    add: (over) => ({ bars: shape(over, "g", "finger-bars"), rects: null, uprights: addUprights(over) }),
    paint(marks, held, scale) {
      const { edges, splits } = held.scores
      const { positives, others } = splits[0]
      marks.rects ??= [newBars(marks.bars, positives, edges, "is-found", 1), newBars(marks.bars, others, edges, "is-alarmed", -1)]
      marks.scale = marks.scale === scale ? scale : (forget(marks.rects), scale)
      paintBars(marks.rects[0], countBelow(positives, held.threshold), held.upper === null ? null : countBelow(positives, held.upper), scale)
      paintBars(marks.rects[1], countBelow(others, held.threshold), held.upper === null ? null : countBelow(others, held.upper), scale)
      paintUprights(marks.uprights, held, scale)
    },
    asked: askedAcross,
  },
}

/** Where a threshold lies on the ROC; null where a class is absent. */
function rocPlace(split, threshold) {
  const { positives, others } = split
  if (positives.length === 0 || others.length === 0) return null
  return [1 - countBelow(others, threshold) / others.length, 1 - countBelow(positives, threshold) / positives.length]
}

/** Bars of one class: referred over what plotly drew, called positive over that. */
function newBars(parent, sorted, edges, className, sign) {
  const starts = countBins(sorted, edges)
  return starts.slice(0, -1).map((start, bin) => ({
    start, end: starts[bin + 1], from: edges[bin], to: edges[bin + 1], sign,
    referred: { node: shape(parent, "rect", "is-referred"), drawn: -1 },
    called: { node: shape(parent, "rect", className), drawn: -1 },
  }))
}

/** How much of each bin lies at or above the thresholds, drawn from the axis outwards; only what changed is touched. */
function paintBars(bars, below, belowUpper, scale) {
  for (const bar of bars) {
    const from = (rank) => bar.end - Math.min(bar.end, Math.max(bar.start, rank))
    paintBar(bar, bar.called, from(belowUpper ?? below), scale)
    paintBar(bar, bar.referred, belowUpper === null ? 0 : from(below), scale)
  }
}

function paintBar(bar, part, size, scale) {
  if (part.drawn === size) return
  part.drawn = size
  const gap = (BAR_GAP / 2) * (bar.to - bar.from)
  const [x, end] = [across(scale, bar.from + gap), across(scale, bar.to - gap)]
  const [zero, tip] = [down(scale, 0), down(scale, bar.sign * size)]
  put(part.node, { x, width: end - x, y: Math.min(zero, tip), height: Math.abs(zero - tip) })
}

function forget(rects) {
  for (const bar of rects.flat()) bar.called.drawn = bar.referred.drawn = -1
}
