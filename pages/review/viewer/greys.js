// Values through a window: bytes of grey by a table of all values there are, as core.data.dicom.grey does it.

const LOWEST_16 = -32768

/** The window that a picture begins with. */
function firstWindow(picture) {
  return { centre: picture.centre, width: picture.width, inverted: false }
}

/** Whether a window of one picture means the same in another. */
function shareWindows(one, other) {
  return one !== null && one.bits === other.bits && one.unit === other.unit && (one.unit !== "" || one.bits === 8)
}

/** Grey, 0 to 255, of each value that a picture may have. */
function greyTable(picture, window) {
  const lowest = picture.bits === 16 ? LOWEST_16 : 0
  const table = new Uint8ClampedArray(2 ** picture.bits) // rounds and clips
  const black = window.centre - window.width / 2 - picture.offset
  const slope = 255 / window.width
  const inverted = window.inverted !== picture.is_inverted
  for (let index = 0; index < table.length; index += 1) {
    const grey = (index + lowest - black) * slope
    table[index] = inverted ? 255 - grey : grey
  }
  return table
}

/** The picture's canvas, painted anew where the window has changed. */
function greyCanvas(picture, window) {
  const wanted = `${window.centre}/${window.width}/${window.inverted}`
  if (picture.painted === wanted) return picture.canvas
  picture.canvas ??= new OffscreenCanvas(picture.width_px, picture.height_px)
  const context = picture.canvas.getContext("2d")
  picture.image ??= context.createImageData(picture.width_px, picture.height_px)
  const colours = new Uint32Array(picture.image.data.buffer)
  const opaque = Uint32Array.from(greyTable(picture, window), (grey) => 0xff000000 | (grey * 0x010101))
  const shift = picture.bits === 16 ? -LOWEST_16 : 0
  const { values } = picture
  for (let index = 0; index < values.length; index += 1) colours[index] = opaque[values[index] + shift]
  context.putImageData(picture.image, 0, 0)
  picture.painted = wanted
  return picture.canvas
}

/** How far sliders and drags may go: the values there are, and somewhat more. */
function windowRange(picture) {
  if (picture.bits === 8) return { low: 0, high: 255, widest: 1020 }
  if (picture.range === undefined) {
    let low = Infinity
    let high = -Infinity
    for (const value of picture.values) {
      if (value < low && value > LOWEST_16) low = value // the lowest of all fills what is no image
      if (value > high) high = value
    }
    picture.range = { low: low + picture.offset, high: high + picture.offset, widest: Math.max(2 * (high - low), 1) }
  }
  return picture.range
}

/** Brightness and contrast in percent, 0 for as it is, and back: of pictures of bytes people know no windows. */
function brightnessOf(window) {
  return { brightness: Math.round((127.5 - window.centre) / 1.275), contrast: Math.round(-50 * Math.log2(window.width / 255)) }
}

function windowOf(brightness, contrast) {
  return { centre: 127.5 - brightness * 1.275, width: 255 * 2 ** (-contrast / 50) }
}
