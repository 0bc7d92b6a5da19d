// Three charts, drawn once by plotly; what follows the thresholds lies over them as a few shapes.
// Each chart can be touched: the threshold goes where the finger is.

const SVG = "http://www.w3.org/2000/svg"

/** plotly, loaded once a browser tab and cached by the browser. */
function plotlyFrom(address) {
  globalThis[Symbol.for("ct-explorer.plotly")] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = new URL(address, document.baseURI).href
    script.onload = () => resolve(globalThis.Plotly)
    script.onerror = () => {
      delete globalThis[Symbol.for("ct-explorer.plotly")]
      reject(new Error("plotly did not load"))
    }
    document.head.append(script)
  })
  return globalThis[Symbol.for("ct-explorer.plotly")]
}

/** Make the pictures listen, once, and give back what paints them. */
function setUpPictures(root, held, address) {
  const plotly = () => plotlyFrom(address)
  plotly().catch(() => undefined) // on its way while the scores are; a failure is said where it is drawn
  const charts = [...root.querySelectorAll("[data-chart]")].map((figure) => newChart(figure, held, plotly))
  const resized = new ResizeObserver(() => charts.forEach(fit))
  resized.observe(root)
  return {
    paint: () => {
      if (held.scores === null || held.threshold === null) return
      for (const chart of charts) paintChart(chart, held)
    },
    recolour: () => charts.forEach(dress),
    end: () => {
      resized.disconnect()
      for (const chart of charts) {
        chart.letGo()
        if (chart.drawn) globalThis.Plotly.purge(chart.plot)
      }
    },
  }
}

function newChart(figure, held, plotly) {
  const chart = {
    kind: figure.dataset.chart, held, plotly, begun: false, drawn: false, scale: null,
    plot: document.createElement("div"), over: document.createElementNS(SVG, "svg"), touch: document.createElement("div"),
  }
  chart.over.classList.add("finger-over")
  chart.over.setAttribute("aria-hidden", "true")
  chart.touch.className = "finger-touch"
  figure.querySelector(".finger-chart").append(chart.plot, chart.over, chart.touch)
  chart.marks = OVERLAYS[chart.kind].add(chart.over)
  chart.letGo = followPointer(chart.touch, held, (event, { which }) => {
    if (chart.scale === null) return null
    const box = chart.touch.getBoundingClientRect()
    return OVERLAYS[chart.kind].asked(chart, event.clientX - box.left, event.clientY - box.top, which)
  })
  return chart
}

function paintChart(chart, held) {
  if (!chart.begun) draw(chart, held)
  if (chart.scale !== null) OVERLAYS[chart.kind].paint(chart.marks, held, chart.scale)
}

/** Draw the part that stays. */
async function draw(chart, held) {
  chart.begun = true
  const { data, layout } = held.scores.figures[chart.kind]
  if (layout.xaxis.visible === false) {
    say(chart.plot, layout.meta.alt) // a chart that says in words why there is none
    return
  }
  try {
    const Plotly = await chart.plotly()
    const still = { fixedrange: true }
    const axes = { xaxis: { ...layout.xaxis, ...still }, yaxis: { ...layout.yaxis, ...still } }
    await Plotly.newPlot(chart.plot, data, { ...layout, ...axes, ...colours(chart), hovermode: false }, { staticPlot: true, responsive: false })
  } catch (error) {
    say(chart.plot, `This chart cannot be drawn (${error.message}). The figures above are complete without it.`)
    return
  }
  chart.drawn = true
  chart.plot.setAttribute("role", "img")
  chart.plot.setAttribute("aria-label", layout.meta.alt)
  chart.plot.on("plotly_afterplot", () => measure(chart))
  measure(chart)
}

/** Where plotly put its axes; then paint over it anew. */
function measure(chart) {
  const { xaxis, yaxis } = chart.plot._fullLayout
  chart.scale = {
    left: xaxis._offset, width: xaxis._length, x: xaxis.range.map(Number),
    top: yaxis._offset, height: yaxis._length, y: yaxis.range.map(Number),
  }
  Object.assign(chart.touch.style, { left: `${xaxis._offset}px`, width: `${xaxis._length}px`, top: `${yaxis._offset}px`, height: `${yaxis._length}px` })
  paintSoon(chart.held)
}

function fit(chart) {
  if (chart.drawn && chart.plot.clientWidth > 0) globalThis.Plotly.Plots.resize(chart.plot)
}

function dress(chart) {
  if (chart.drawn) globalThis.Plotly.relayout(chart.plot, colours(chart))
}

function colours(chart) {
  const style = getComputedStyle(chart.plot)
  return { font: { color: style.getPropertyValue("--st-text-color"), family: style.fontFamily, size: 12 } }
}
