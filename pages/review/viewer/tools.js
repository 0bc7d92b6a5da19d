// The row of tools above the panels: each does at once what it says, and shows what is the case.

const PRESETS = { lung: [-600, 1500], "soft tissue": [40, 400], bone: [480, 2500], brain: [40, 80] }

/** Make the tools listen, once. */
function setUpTools(parts) {
  const on = (name, act) => (parts.tool(name).onclick = act)
  on("heat", () => set({ heat: !viewed.settings.heat }))
  on("outline", () => set({ outline: !viewed.settings.outline }))
  on("fit", fit)
  on("closer", () => zoomBy(1))
  on("further", () => zoomBy(-1))
  on("invert", invert)
  on("reset", resetWindow)
  on("rectangle", () => takeTool("rectangle"))
  on("point", () => takeTool("point"))
  on("unmark", () => keepMark(null))
  on("keys", () => openHelp(parts))
  parts.tool("display").onchange = (event) => set({ display: event.target.value, heat: true })
  parts.tool("opacity").oninput = (event) => set({ opacity: Number(event.target.value) / 100 })
  parts.tool("preset").onchange = (event) => {
    const chosen = PRESETS[event.target.value]
    if (chosen) viewed.window = { ...viewed.window, centre: chosen[0], width: chosen[1] }
    paintSoon()
  }
  for (const name of ["level", "width", "brightness", "contrast"]) parts.tool(name).oninput = () => takeWindow(parts)
  parts.slice.oninput = () => turnTo(Number(parts.slice.value) - 1)
  // The arrow keys of a slider are its own: they would turn to the next case as well.
  for (const field of parts.root.querySelectorAll("input, select")) field.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow")) event.stopPropagation()
  })
}

function invert() {
  viewed.window = { ...viewed.window, inverted: !viewed.window.inverted }
  paintSoon()
}

function resetWindow() {
  viewed.window = firstWindow(viewed.picture)
  paintSoon()
}

function nextDisplay() {
  set({ display: DISPLAYS[(DISPLAYS.indexOf(viewed.settings.display) + 1) % DISPLAYS.length], heat: true })
}

function takeWindow(parts) {
  const value = (name) => Number(parts.tool(name).value)
  const changes = viewed.picture.bits === 8 ? windowOf(value("brightness"), value("contrast")) : { centre: value("level"), width: value("width") }
  viewed.window = { ...viewed.window, ...changes }
  paintSoon()
}

/** Show in the tools what is the case. */
function paintTools(parts) {
  const { settings, window, picture } = viewed
  const pressed = { heat: settings.heat, outline: settings.outline, invert: window.inverted, rectangle: viewed.tool === "rectangle", point: viewed.tool === "point" }
  for (const [name, is] of Object.entries(pressed)) parts.tool(name).setAttribute("aria-pressed", String(is))
  put(parts.tool("display"), settings.display)
  put(parts.tool("opacity"), String(Math.round(settings.opacity * 100)))
  parts.tool("opacity").disabled = !settings.heat
  parts.tool("unmark").hidden = viewed.mark === null
  parts.root.classList.toggle("is-levels", picture.bits === 16)
  parts.root.classList.toggle("is-hu", picture.unit === "HU")
  if (picture.bits === 8) {
    const { brightness, contrast } = brightnessOf(window)
    put(parts.tool("brightness"), String(brightness))
    put(parts.tool("contrast"), String(contrast))
  } else {
    const { low, high, widest } = windowRange(picture)
    limit(parts.tool("level"), low, high)
    limit(parts.tool("width"), 1, Math.max(widest, window.width))
    put(parts.tool("level"), String(Math.round(window.centre)))
    put(parts.tool("width"), String(Math.round(window.width)))
    const preset = Object.entries(PRESETS).find(([, [centre, width]]) => centre === window.centre && width === window.width)
    put(parts.tool("preset"), preset ? preset[0] : "")
  }
  say(parts.window, windowWords())
  say(parts.zoom, `${percentOf(viewed.place, viewed.shown, { width: parts.panels[0].canvas.clientWidth, height: parts.panels[0].canvas.clientHeight })}%`)
  parts.slices.hidden = sliceCount() < 2
  parts.slice.max = String(sliceCount())
  put(parts.slice, String(viewed.at + 1))
  parts.slice.setAttribute("aria-valuetext", sliceWords())
  say(parts.where, sliceWords())
  const refused = viewed.outline === null ? "Looking for the lungs." : viewed.outline.refused && `No outline: ${viewed.outline.refused}`
  say(parts.refused, settings.outline && refused ? refused : "")
  parts.refused.hidden = parts.refused.textContent === ""
  const help = { rectangle: "Draw a rectangle on the scan; Esc stops.", point: "Click a place on the scan; Esc stops." }[viewed.tool] ?? ""
  say(parts.said, help)
}

function windowWords() {
  const { window, picture } = viewed
  const inverted = window.inverted ? ", inverted" : ""
  if (picture.bits === 16) return `${picture.unit === "HU" ? "HU " : ""}${Math.round(window.centre)} / ${Math.round(window.width)}${inverted}`
  const { brightness, contrast } = brightnessOf(window)
  const signed = (value) => (value > 0 ? `+${value}` : String(value))
  return brightness || contrast || inverted ? `${signed(brightness)} / ${signed(contrast)}${inverted}` : ""
}

/** Put text or a value where it is not yet: what stays as it is costs no layout, and a field in use is left alone. */
function say(node, text) {
  if (node.textContent !== text) node.textContent = text
}

function put(field, value) {
  if (field.value !== value) field.value = value
}

function limit(field, low, high) {
  const [least, most] = [String(Math.floor(low)), String(Math.ceil(high))]
  if (field.min !== least) field.min = least
  if (field.max !== most) field.max = most
}
