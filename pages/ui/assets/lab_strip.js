// Answers side by side, one for each value of a setting. Everything is set as text. The columns
// stay while the answers grow, so that a selection in one of them is not lost to another.
function made(tag, className, text = "") {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}

function column(place) {
  const found = made("section", "column")
  const title = made("div", "title")
  const words = made("div", "words")
  const note = made("div", "note")
  found.append(title, words, note)
  place.append(found)
  return { found, title, words, note }
}

function fill(parts, name, data) {
  parts.found.setAttribute("aria-label", `${name} ${data.title}`)
  parts.found.setAttribute("aria-busy", String(data.growing))
  parts.found.classList.toggle("middle", data.middle)
  parts.title.replaceChildren(data.title)
  if (data.middle) parts.title.append(made("small", "", "the middle"))
  const now = JSON.stringify([data.pieces, data.growing])
  if (parts.shown !== now) {
    parts.shown = now
    const pieces = data.pieces.map(([same, text]) =>
      same ? document.createTextNode(text) : made("mark", "", text)
    )
    parts.words.replaceChildren(...pieces, data.growing ? " ▍" : "")
  }
  parts.note.textContent = data.note
}

export default function ({ data, parentElement }) {
  const view = parentElement.querySelector("#view")
  if (!view.columns || view.columns.length !== data.columns.length) {
    view.name = made("div", "name")
    const strip = made("div", "strip")
    view.replaceChildren(view.name, strip)
    view.columns = data.columns.map(() => column(strip))
  }
  view.name.textContent = data.name
  data.columns.forEach((each, n) => fill(view.columns[n], data.name, each))
}
