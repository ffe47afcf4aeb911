// A list of conversations. Everything that comes from the data is set as text, never as HTML.
export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector("#list")
  const focused = list.contains(parentElement.activeElement ?? document.activeElement)
  const items = data.rows.map((row) => {
    const item = document.createElement("button")
    item.type = "button"
    item.className = "row"
    item.setAttribute("role", "option")
    item.setAttribute("aria-selected", String(row.index === data.selected))
    item.tabIndex = row.index === data.selected ? 0 : -1
    const title = document.createElement("span")
    title.className = row.blank ? "title blank" : "title"
    title.textContent = row.title
    item.append(title)
    if (row.problem) {
      const mark = document.createElement("span")
      mark.className = `mark ${row.severity}`
      mark.textContent = "!"
      mark.title = row.problem
      mark.setAttribute("aria-label", row.problem)
      item.append(mark)
    }
    const aside = document.createElement("span")
    aside.className = "aside"
    aside.textContent = row.aside
    item.append(aside)
    item.onclick = () => {
      items.forEach((other) => other.setAttribute("aria-selected", String(other === item)))
      setTriggerValue("picked", { index: row.index, version: data.version })
    }
    return item
  })
  if (items.length && !items.some((item) => item.tabIndex === 0)) items[0].tabIndex = 0
  list.setAttribute("aria-label", data.label)
  list.replaceChildren(...items)
  list.onkeydown = (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, Home: -items.length, End: items.length }
    if (!(event.key in steps)) return
    event.preventDefault()
    const at = items.indexOf(event.target)
    items[Math.min(Math.max(at + steps[event.key], 0), items.length - 1)].focus()
  }
  if (focused) items.find((item) => item.tabIndex === 0)?.focus({ preventScroll: true })
}
