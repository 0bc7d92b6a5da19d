// Where Streamlit hands over: the script with its tables, a case, its maps, or its slices.

const mountedRoots = new WeakMap()

function handOver(component) {
  const { data, parentElement, setTriggerValue } = component
  const { header, blobs } = unpack(data)
  if (header.part === "script") {
    takeColours(header.colours)
    viewed.help = header.help
  } else if (header.part === "maps") takeMaps(header, blobs)
  else if (header.part === "coming") {
    coming.tell = (wish) => tellPythonWhenIdle(() => setTriggerValue("wished", wish))
    takeComing(header, blobs)
    return forgetComing
  } else if (header.part === "slices") {
    viewed.ask = (wish) => tellPythonWhenIdle(() => setTriggerValue("wished", wish))
    if (header.key) takeSlices(header, blobs)
    else if (viewed.settings.outline && viewed.shown) askFor([])
  } else return mountView(parentElement.querySelector(".viewer"), header, blobs, setTriggerValue)
  return undefined
}

// Streamlit sends what is said within one tick as one message, and runs only the fragment of what was said first. So
// each of the viewer's parts waits until the one before has gone out; and what can wait does not stand in a reader's way.
function tellPython(send) {
  viewed.telling = viewed.telling.then(() => {
    send() // what it gives back is not waited for: it may never come
    return new Promise((done) => setTimeout(done))
  }).catch(console.error)
}

function tellPythonWhenIdle(send) {
  const sendUnlessTurned = () => coming.pending || tellPython(send) // caughtUp asks anew
  if (globalThis.requestIdleCallback) requestIdleCallback(sendUnlessTurned, { timeout: 500 })
  else sendUnlessTurned()
}

function mountView(root, header, blobs, setTriggerValue) {
  viewed.tell = (name, value) => tellPython(() => setTriggerValue(name, value))
  viewed.turn = (wish) => tellPython(() => setTriggerValue("turned", wish))
  if (!mountedRoots.has(root)) mountedRoots.set(root, setUp(root))
  takeCase(header, blobs[0])
  return mountedRoots.get(root)
}

/** Find the parts, make them listen; gives what ends it. */
function setUp(root) {
  const find = (name) => root.querySelector(`.viewer-${name}`)
  const parts = {
    root, panels: [], row: find("panels"), template: root.querySelector("template"), slices: find("slices"),
    slice: root.querySelector(".viewer-slices input"), where: find("where"), said: find("said"), refused: find("refused"),
    window: find("window"), zoom: find("zoom"), help: find("help"), sizes: new ResizeObserver(paintSoon),
    tool: (name) => root.querySelector(`[data-tool="${name}"]`),
  }
  viewed.parts = parts
  viewed.paint = () => paintAll(parts)
  setUpTools(parts)
  const stopKeys = followKeys(parts)
  const stopClicks = followClicks()
  paintSoon()
  return () => {
    stopKeys()
    stopClicks()
    parts.sizes.disconnect()
    mountedRoots.delete(root)
    if (viewed.parts === parts) Object.assign(viewed, { paint: null, parts: null, turn: null })
  }
}

function paintAll(parts) {
  if (viewed.shown === null || viewed.facts === null) return
  fitPanels(parts)
  const maps = mapsNow()
  parts.panels.forEach((panel, index) => {
    paintPanel(panel, maps.list[index])
    paintCaption(panel, maps.list[index], maps)
  })
  paintTools(parts)
  // For those who wait for it: which case, and whether its maps are on screen.
  Object.assign(parts.root.dataset, { shown: viewed.key, mapped: maps.list.length && maps.list.length === parts.panels.length ? viewed.key : "" })
}
