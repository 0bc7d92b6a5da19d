// What a threshold does, counted: the arithmetic of core.evaluation (confusion, intervals), step for step the same.

/** How many of the sorted scores lie below a threshold. */
function countBelow(sorted, threshold) {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] < threshold) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The cells of one split, whose scores are sorted by class: positive from `threshold` on.
 * With `upper`, ruled out below `threshold`, ruled in from `upper` on, and referred to a reader in between.
 */
function countsAt(split, threshold, upper) {
  const { positives, others } = split
  const missed = countBelow(positives, threshold)
  const cleared = countBelow(others, threshold)
  const notFound = upper === null ? missed : countBelow(positives, upper)
  const notAlarmed = upper === null ? cleared : countBelow(others, upper)
  return {
    found: positives.length - notFound,
    missed,
    falseAlarms: others.length - notAlarmed,
    cleared,
    referredPositives: notFound - missed,
    referredOthers: notAlarmed - cleared,
  }
}

/** Share of successes with Wilson's interval; null without trials. `z` is the normal quantile of the confidence. */
function wilson(successes, trials, z) {
  if (trials === 0) return null
  const share = successes / trials
  const centre = (share + (z * z) / (2 * trials)) / (1 + (z * z) / trials)
  const reach =
    (z / (1 + (z * z) / trials)) * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials))
  return {
    value: share,
    low: successes === 0 ? 0 : Math.max(0, centre - reach),
    high: successes === trials ? 1 : Math.min(1, centre + reach),
  }
}

/** Every rate of counted cells, with its interval. */
function ratesOf(counts, z) {
  const positives = counts.found + counts.missed + counts.referredPositives
  const others = counts.cleared + counts.falseAlarms + counts.referredOthers
  return {
    fnr: wilson(counts.missed, positives, z),
    fpr: wilson(counts.falseAlarms, others, z),
    sensitivity: wilson(counts.found, positives, z),
    specificity: wilson(counts.cleared, others, z),
    ppv: wilson(counts.found, counts.found + counts.falseAlarms, z),
    npv: wilson(counts.cleared, counts.cleared + counts.missed, z),
    referred: wilson(counts.referredPositives + counts.referredOthers, positives + others, z),
  }
}

/** How many of the sorted scores lie at or below a value. */
function countUpTo(sorted, value) {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] <= value) low = middle + 1
    else high = middle
  }
  return low
}

/** How many of the sorted scores lie in each bin between the edges; the last one holds its upper edge too. */
function countBins(sorted, edges) {
  const starts = edges.map((edge) => countBelow(sorted, edge))
  starts[edges.length - 1] = sorted.length
  return starts
}
