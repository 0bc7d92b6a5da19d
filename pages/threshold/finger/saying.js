// Numbers in words, as the other pages say them: digits are rounded as Python rounds.

/** A number with so many decimals; a tie goes to the even digit. */
function fixed(value, decimals) {
  const halves = value * 2 ** (decimals + 1) // exact; odd only where the number is exactly between two roundings
  if (!Number.isInteger(halves) || halves % 2 === 0) return value.toFixed(decimals)
  const lower = Math.floor(value * 10 ** decimals)
  return ((lower % 2 === 0 ? lower : lower + 1) / 10 ** decimals).toFixed(decimals)
}

/** A rate in percent, without its interval. */
function percent(rate) {
  return rate === null ? "not defined" : `${fixed(rate.value * 100, 1)}%`
}

/** Its interval. */
function span(rate) {
  return rate === null ? "no interval" : `${fixed(rate.low * 100, 1)}% to ${fixed(rate.high * 100, 1)}%`
}

/** A count with its thousands set apart. */
function count(value) {
  return value.toLocaleString("en-US")
}

/** A threshold as people read it, as `score_text` says it: three decimals, near 0 and 1 as many as tell it from them. */
function shortly(threshold) {
  if (threshold > 0 && threshold < 1e-6) return threshold.toExponential(1).replace(/-(\d)$/, "-0$1")
  const toEnd = Math.min(threshold, 1 - threshold)
  return fixed(threshold, toEnd <= 0 ? 3 : Math.max(3, 1 - Math.floor(Math.log10(toEnd))))
}

/** A threshold as it stands in a field: short where it was set by hand, else long enough to tell scans apart. */
function typed(threshold) {
  let digits = 6
  while (digits < 17 && threshold < 1 && Number(threshold.toPrecision(digits)) === 1) digits += 1
  return String(Number(threshold.toPrecision(digits)))
}

/** What is heard of the thresholds: their values and what they do on validation. */
function heard(held) {
  const scan = (score) => (isByShare(held) ? `${shortly(score)} (${fixed(placeOf(held, score) * 100, 1)}% of scans below)` : shortly(score))
  const at = held.upper === null ? scan(held.threshold) : `rule out below ${scan(held.threshold)}, rule in from ${scan(held.upper)}`
  if (held.scores === null) return at
  const rates = ratesOf(countsAt(held.scores.splits[0], held.threshold, held.upper), held.scores.z)
  const referred = held.upper === null ? "" : `, ${percent(rates.referred)} referred`
  return `${at}: ${percent(rates.fnr)} missed, ${percent(rates.fpr)} false alarms${referred}`
}
