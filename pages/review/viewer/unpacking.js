// What Python packs, unpacked: four bytes with the header's length, the header (JSON), then deflated blobs one by one.

/** The header, with the blobs that it names by `bytes` (their lengths, in order) beside it. */
function unpack(content) {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength)
  const length = view.getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(content.subarray(4, 4 + length)))
  let at = 4 + length
  const blobs = header.bytes.map((size) => content.subarray(at, (at += size)))
  return { header, blobs }
}

/** A blob as it was before it was deflated. */
async function inflate(blob) {
  const stream = new Blob([blob]).stream().pipeThrough(new DecompressionStream("deflate"))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** A scan with its values, ready to be windowed. */
async function readPicture(facts, blob) {
  const bytes = await inflate(blob)
  const values = facts.bits === 16 ? new Int16Array(bytes.buffer) : bytes
  return { ...facts, values, canvas: null, painted: "" }
}

/** A map with its grid of bytes. */
async function readMap(facts, blob) {
  return { ...facts, grid: await inflate(blob), layers: {} }
}
