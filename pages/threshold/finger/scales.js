// Where a threshold stands on the scale: at its score, or at the share of validation scans whose scores lie below it.
// Scores of an over-confident network pile up at 0 and 1, where no hand can part them; by share each has its room.

const SCALE_KEPT = "ct-explorer.threshold.scale"
const TICKS = { score: ["0", "0.25", "0.5", "0.75", "1"], share: ["0%", "25%", "50%", "75%", "100%"] }

/** The scale that was last chosen in this browser session. */
function keptScale() {
  try {
    return sessionStorage.getItem(SCALE_KEPT) === "share" ? "share" : "score"
  } catch {
    return "score" // a browser that keeps nothing
  }
}

function keepScale(scale) {
  try {
    sessionStorage.setItem(SCALE_KEPT, scale)
  } catch {
    // then it is forgotten with the page
  }
}

function isByShare(held) {
  return held.scale === "share" && held.scores !== null && held.scores.sorted.length > 0
}

/** Place of a threshold on the scale, 0 to 1. */
function placeOf(held, threshold) {
  if (!isByShare(held)) return threshold
  // The end of the scale is the end, also where scans lie right on it.
  return threshold === 1 ? 1 : countBelow(held.scores.sorted, threshold) / held.scores.sorted.length
}

/** The threshold at a place of the scale: a thousandth of the scores, or the score of a scan. */
function thresholdAt(held, place) {
  if (!isByShare(held)) return stepped(place)
  const { sorted } = held.scores
  const rank = Math.round(Math.min(1, Math.max(0, place)) * sorted.length)
  return rank === 0 ? 0 : rank === sorted.length ? 1 : sorted[rank]
}

/** The next threshold above (`step` 1) or below (`step` -1) that calls other scans positive; itself where there is none. */
function nextThatCounts(sorted, threshold, step) {
  const below = countBelow(sorted, threshold)
  if (step < 0) return below > 0 ? sorted[below - 1] : threshold
  if (below === sorted.length) return threshold
  const above = countUpTo(sorted, sorted[below])
  return above < sorted.length ? sorted[above] : 1
}

/** The threshold a twentieth of the scans further; where as many share one score, the next that counts. */
function twentiethOn(sorted, threshold, step) {
  const rank = countBelow(sorted, threshold) + step * Math.max(1, Math.round(sorted.length / 20))
  const next = rank >= sorted.length ? 1 : sorted[Math.max(0, rank)]
  return (next - threshold) * step > 0 ? next : nextThatCounts(sorted, threshold, step)
}
