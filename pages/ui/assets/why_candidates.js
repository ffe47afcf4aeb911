// What could have stood in the place of a word. Rows with two bars; a click on the token unfolds its
// way through the settings, a click on the button goes on with it. All words are set as text.
const states = new WeakMap()

function made(tag, className, text = "") {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}

function key(kind, text) {
  const item = document.createElement("span")
  item.append(made("div", `key ${kind}`), text)
  return item
}

export default function ({ data, parentElement, setTriggerValue }) {
  const view = parentElement.querySelector("#view")
  const state = states.get(parentElement) ?? { at: -1, open: new Set() }
  states.set(parentElement, state)
  const same = JSON.stringify(data)
  if (state.drawn === same) return
  state.drawn = same
  if (state.at !== data.at) state.open.clear()
  state.at = data.at

  const legend = made("div", "legend")
  legend.append(key("own", "by the model alone"))
  if (!data.alone) legend.append(key("after", "after the settings"))
  const list = made("div", "list")
  list.setAttribute("role", "list")
  list.setAttribute("aria-label", "What could have stood here")
  const width = (share) => `${data.most > 0 ? (100 * share) / data.most : 0}%`
  for (const row of data.rows) {
    const line = made("div", "row")
    line.setAttribute("role", "listitem")
    line.classList.toggle("gone", row.gone)
    line.classList.toggle("chosen", Boolean(row.chosen))
    const label = made("button", "label", row.text)
    label.type = "button"
    label.title = row.steps
    const track = made("div", "track")
    const own = made("div", "own")
    own.style.width = width(row.own)
    track.append(own)
    if (!data.alone && row.after > 0) {
      const after = made("div", "after")
      after.style.width = width(row.after)
      track.append(after)
    }
    const note = made("div", "note")
    if (row.note) note.append(made("span", "why", row.note))
    const steps = made("span", "steps", row.steps)
    const unfold = (open) => {
      line.classList.toggle("open", open)
      label.setAttribute("aria-expanded", String(open))
      if (open) note.append(steps)
      else steps.remove()
    }
    label.onclick = () => {
      const open = !state.open.has(row.id)
      if (open) state.open.add(row.id)
      else state.open.delete(row.id)
      unfold(open)
    }
    line.append(label, track, made("div", "figures", row.figures), note)
    unfold(state.open.has(row.id))
    if (row.go) {
      const go = made("button", "go", "Continue with it")
      go.type = "button"
      go.disabled = data.busy
      go.title = "Continue from here with this word, as a new version"
      go.setAttribute("aria-label", `Continue from here with this word: ${row.text}`)
      go.onclick = () => {
        for (const each of list.querySelectorAll("button.go")) each.disabled = true
        state.drawn = ""
        setTriggerValue("go", { at: data.at, id: row.id })
      }
      line.append(go)
    } else line.append(made("div", "go", row.chosen))
    list.append(line)
  }
  view.replaceChildren(legend, list, made("div", "rest", data.rest))
}
