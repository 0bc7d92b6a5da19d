// The slices of the case's group: a wheel or a slider turns through them; each is asked for when somebody comes near.

const MOST_ASKED_AT_ONCE = 9
const MOST_PX_AT_ONCE = 4e6 // of all of them together: large ones come one by one
const MOST_PX_HELD = 12e6
const PX_A_SLICE = 40

/** How many slices there are; one where the case is alone. */
function sliceCount() {
  return viewed.facts?.count ?? 1
}

/** How many slices like the case fit into so many pixels. */
function slicesIn(px, most) {
  const { width_px: width, height_px: height } = viewed.picture
  return Math.min(most, Math.max(1, Math.floor(px / (width * height))))
}

/** Show a slice by number; until it has come, the one on screen stays and the words say so. */
function turnTo(number) {
  const at = Math.min(sliceCount() - 1, Math.max(0, number))
  viewed.at = at
  const picture = at === viewed.facts.at ? viewed.picture : viewed.slices.get(at)
  if (picture && !picture.problem) viewed.shown = picture
  if (sliceCount() > 1) askFor(missingAround(at))
  paintSoon()
}

/** The numbers around a slice that are not held yet, the nearest first; none while the nearest ones are there. */
function missingAround(at) {
  const missing = []
  const most = slicesIn(MOST_PX_AT_ONCE, MOST_ASKED_AT_ONCE)
  for (let far = 0; far <= most && missing.length < most; far += 1) {
    for (const number of new Set([at + far, at - far])) {
      const inside = number >= 0 && number < sliceCount() && number !== viewed.facts.at
      if (inside && !viewed.slices.has(number)) missing.push({ number, far })
    }
  }
  const isNear = ({ far }) => far <= Math.min(3, most - 1)
  return missing.some(isNear) ? missing.map(({ number }) => number).slice(0, most) : []
}

/** Whether the scan on screen is the case itself: only then its maps, outline and marks belong to it. */
function isCase() {
  return viewed.shown !== null && viewed.shown === viewed.picture
}

/** Where one is among the slices, in words. */
function sliceWords() {
  if (sliceCount() < 2) return ""
  const mine = viewed.facts.at + 1
  const now = `Slice ${viewed.at + 1} of ${sliceCount()} of the group`
  if (viewed.at === viewed.facts.at) return `${now}: the case`
  const problem = viewed.slices.get(viewed.at)?.problem
  if (problem) return `${now}: cannot be read. ${problem}`
  const coming = viewed.slices.has(viewed.at) ? "" : " (loading)"
  return `${now}${coming}, without a map; the case is slice ${mine}`
}
