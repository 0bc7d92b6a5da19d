// Keys of the page while the viewer is there. They are the viewer's before Streamlit's, whose R runs the page again.

const WRITES = "input:not([type=range]), textarea, [contenteditable=true], [role=textbox], [role=combobox]"

const KEYS = {
  h: () => set({ heat: !viewed.settings.heat }),
  d: nextDisplay,
  o: () => set({ outline: !viewed.settings.outline }),
  i: invert,
  r: () => takeTool("rectangle"),
  p: () => takeTool("point"),
  w: resetWindow,
  0: fit,
  "+": () => zoomBy(1),
  "=": () => zoomBy(1),
  "-": () => zoomBy(-1),
  "[": () => turnTo(viewed.at - 1),
  "]": () => turnTo(viewed.at + 1),
  "?": () => openHelp(viewed.parts),
}
const ON_CANVAS = {
  ArrowUp: () => turnTo(viewed.at - 1),
  ArrowDown: () => turnTo(viewed.at + 1),
  Enter: markInView,
}
const PANS = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }

/** Listen to the page's keys; gives what stops it. */
function followKeys(parts) {
  const follow = (event) => {
    if (viewed.shown === null || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return
    if (document.querySelector("dialog[open], [role=dialog]")) return
    const target = event.composedPath()[0]
    if (target instanceof Element && (target.closest(WRITES) || target.isContentEditable)) return
    const onCanvas = target instanceof Element && target.matches(".viewer canvas")
    const act = onCanvas && event.shiftKey && PANS[event.key] ? () => panBy(...PANS[event.key]) : actOf(event, onCanvas)
    if (!act && !turnByKey(event, target)) return
    event.preventDefault()
    event.stopImmediatePropagation()
    act?.()
  }
  globalThis.addEventListener("keydown", follow, true)
  return () => globalThis.removeEventListener("keydown", follow, true)
}

function actOf(event, onCanvas) {
  if (event.key === "Escape" && viewed.tool) return () => takeTool("")
  if (onCanvas && ON_CANVAS[event.key] && (event.key !== "Enter" || viewed.tool)) return ON_CANVAS[event.key]
  return KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key]
}

/** Enter marks without a mouse: a point in the middle of what is seen, or a rectangle around it. */
function markInView() {
  const { canvas } = viewed.parts.panels[0]
  const size = { width: canvas.clientWidth, height: canvas.clientHeight }
  const place = (across, down) => scanAt(viewed.place, viewed.shown, size, across * size.width, down * size.height)
  if (viewed.tool === "point") keepMark(markBetween("point", place(0.5, 0.5)))
  else keepMark(markBetween("rectangle", place(0.3, 0.3), place(0.7, 0.7)))
}

/** The list of keys; the browser keeps the focus inside of it and gives it back. */
function openHelp(parts) {
  const list = parts.help.querySelector("dl")
  if (!list.childElementCount) {
    for (const [keys, does] of viewed.help) {
      const [name, text] = [document.createElement("dt"), document.createElement("dd")]
      for (const key of keys.split(" ")) name.append(Object.assign(document.createElement("kbd"), { textContent: key }), " ")
      text.textContent = does
      list.append(name, text)
    }
  }
  parts.help.showModal()
}
