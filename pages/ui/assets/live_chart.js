// A Plotly figure that is updated in place: same node, same zoom, the colours of the page's theme.
let library

function loaded(address) {
  if (window.Plotly) return Promise.resolve(window.Plotly)
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = new URL(address.replace(/^\//, ""), document.baseURI).href
    script.onload = () => resolve(window.Plotly)
    script.onerror = () => {
      library = undefined
      script.remove()
      reject(new Error("The chart library could not be loaded."))
    }
    document.head.append(script)
  })
  return library
}

function themed({ figure, name, height, picks }, element) {
  const style = getComputedStyle(element)
  const value = (token, fallback) => style.getPropertyValue(token).trim() || fallback
  const text = value("--st-text-color", "#15262a")
  const grid = value("--st-border-color", "#d5e0e0")
  const colors = value("--st-chart-categorical-colors", "#0b6e75,#c77700").split(/,(?![^(]*\))/)
  const axis = { gridcolor: grid, zerolinecolor: grid, linecolor: grid, automargin: true }
  const data = figure.data.map((curve) => {
    const color = colors[curve.meta.color % colors.length].trim()
    const drawn = curve.marker ? "marker" : "line"
    return { ...curve, [drawn]: { ...curve[drawn], color } }
  })
  const edges = (figure.layout.shapes ?? []).map((shape) => ({
    ...shape,
    line: { ...shape.line, color: text },
  }))
  const layout = {
    ...figure.layout,
    shapes: edges,
    height,
    uirevision: name,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: value("--st-font", "sans-serif"), color: text, size: 13 },
    margin: { l: 8, r: 8, t: 36, b: 8 },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", ...figure.layout.legend },
    hovermode: figure.layout.hovermode ?? "x",
    xaxis: { ...axis, ...figure.layout.xaxis },
    yaxis: { ...axis, ...figure.layout.yaxis },
  }
  // A finger on a picture that one taps scrolls the page instead of drawing a frame to zoom into.
  if (picks && matchMedia("(pointer: coarse)").matches) {
    layout.dragmode = false
    layout.xaxis.fixedrange = layout.yaxis.fixedrange = true
  }
  return { data, layout }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const element = parentElement.querySelector(".live-chart")
  if (!element) return
  element.latest = data
  loaded(data.library).then(
    (Plotly) => {
      const { name } = element.latest
      const { data: curves, layout } = themed(element.latest, element)
      Plotly.react(element, curves, layout, {
        responsive: true,
        // On a narrow screen the bar would cover the legend; two taps show the whole again.
        displayModeBar: element.clientWidth < 500 ? false : "hover",
        displaylogo: false,
        // "sendChartToCloud" would upload the chart to a service on the internet.
        modeBarButtonsToRemove: ["select2d", "lasso2d", "toImage", "sendChartToCloud"],
      })
      element.removeAllListeners("plotly_click")
      element.on("plotly_click", ({ points }) => {
        const index = points[0]?.customdata
        if (Number.isInteger(index)) setTriggerValue("picked", { index, version: name })
      })
    },
    (error) => {
      element.textContent = error.message
    },
  )
  return () => window.Plotly?.purge(element)
}
