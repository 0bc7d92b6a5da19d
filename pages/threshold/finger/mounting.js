// Where Streamlit hands over: a part of the page is mounted, or has news from Python.

const mounted = new WeakMap()

function handOver(component) {
  const { data, parentElement, setTriggerValue } = component
  if (data instanceof Uint8Array) {
    receiveScores(data)
    return undefined
  }
  const held = holdOf(data.key)
  if (data.part === "intervals") {
    held.intervals = data
    paintSoon(held)
    return undefined
  }
  const root = parentElement.querySelector(".finger")
  const isNew = !mounted.has(root)
  if (isNew) mounted.set(root, mount(root, held, data))
  for (const [name, colour] of Object.entries(data.colours)) root.style.setProperty(`--finger-${name}`, colour)
  if (data.part === "dials") {
    held.send = (value) => setTriggerValue("released", value)
    Object.assign(root.dataset, { label: data.label, turn: String(data.turn) })
    held.inForce = data.in_force
    adopt(held, data, isNew)
  }
  const part = mounted.get(root)
  part.recolour()
  paintSoon(held)
  return part.end
}

function mount(root, held, data) {
  held.scale = keptScale() // it may have been changed beside another run
  const part = data.part === "pictures" ? setUpPictures(root, held, data.plotly) : setUpDials(root, held)
  held.painters.add(part.paint)
  const end = () => {
    held.painters.delete(part.paint)
    mounted.delete(root)
    part.end()
  }
  return { recolour: part.recolour, end }
}
