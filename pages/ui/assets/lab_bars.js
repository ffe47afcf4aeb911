// Bars and columns of the next token. Rows are kept by token: a new picture changes widths and
// words in place, and a row that changes its rank glides there. All text is set as text.
function made(tag, className, text) {
  const element = document.createElement(tag)
  element.className = className
  if (text !== undefined) element.textContent = text
  return element
}

function tell(element, text) {
  if (element.textContent !== text) element.textContent = text
}

function newRow(id) {
  const row = made("div", "row")
  row.dataset.id = id
  const head = made("button", "token")
  head.type = "button"
  head.setAttribute("aria-expanded", "false")
  const track = made("div", "track")
  track.append(made("div", "own"), made("div", "share"))
  row.append(head, track, made("div", "percent"), made("div", "steps"))
  head.onclick = () => {
    const open = row.classList.toggle("open")
    head.setAttribute("aria-expanded", String(open))
  }
  return row
}

function fillRow(row, data, columns, scale) {
  const [head, track, percent, steps] = row.children
  tell(head, data.text)
  head.title = data.title
  const width = (share) => `${Math.min(1, share / scale) * 100}%`
  track.children[0].style.width = width(data.own)
  track.children[1].style.width = width(data.share)
  row.classList.toggle("beyond", data.share > scale || data.own > scale)
  tell(percent, data.percent)
  row.classList.toggle("gone", data.gone)
  while (steps.children.length > data.cells.length) steps.lastChild.remove()
  data.cells.forEach((text, n) => {
    if (!steps.children[n]) {
      const cell = made("div", "cell")
      cell.append(made("span", "of"), made("span", "value"))
      steps.append(cell)
    }
    const cell = steps.children[n]
    tell(cell.children[0], columns[n].name)
    tell(cell.children[1], text)
    cell.classList.toggle("off", columns[n].off)
  })
}

function fillHead(head, columns) {
  const steps = head.querySelector(".steps")
  while (steps.children.length > columns.length) steps.lastChild.remove()
  columns.forEach((column, n) => {
    if (!steps.children[n]) {
      const cell = made("div", "cell")
      cell.append(made("span", "name"), made("span", "note"))
      steps.append(cell)
    }
    tell(steps.children[n].children[0], column.name)
    tell(steps.children[n].children[1], column.note)
    steps.children[n].classList.toggle("off", column.off)
  })
}

export default function ({ data, parentElement }) {
  const view = parentElement.querySelector("#bars")
  if (!view.firstChild) {
    const legend = made("div", "legend")
    legend.append(
      made("span", "key first"),
      made("span", "key second"),
      made("span", "key third"),
      made("span", "scale"),
    )
    const head = made("div", "row head")
    head.append(
      made("div", "token"),
      made("div", "track"),
      made("div", "percent"),
      made("div", "steps"),
    )
    const list = made("div", "list")
    list.setAttribute("role", "group")
    list.setAttribute("aria-label", "Likeliest tokens")
    view.append(legend, head, list)
  }
  const [legend, head, list] = view.children
  view.style.setProperty("--columns", data.columns.length)
  // Six columns have room beside the bars; more of them share it.
  view.style.setProperty("--cell", `${Math.min(4.3, 22 / data.columns.length)}rem`)
  data.legend.forEach((text, n) => {
    tell(legend.children[n], text)
    legend.children[n].hidden = !text
  })
  tell(head.children[0], data.heads[0])
  tell(head.children[2], data.heads[1])
  tell(legend.lastChild, `full width = ${Math.round(data.scale * 100)} %`)
  fillHead(head, data.columns)

  const known = new Map([...list.children].map((row) => [row.dataset.id, row]))
  const before = new Map([...known].map(([id, row]) => [id, row.offsetTop]))
  const lines = new Map(data.lines.map((line) => [line.above, { texts: [], cut: line.cut }]))
  for (const line of data.lines) lines.get(line.above).texts.push(line.text)
  const wanted = []
  const add = (id, make, fill) => {
    const row = known.get(id) ?? make()
    fill(row)
    wanted.push(row)
    return row
  }
  let drawn = 0
  const place = (n) => {
    const found = lines.get(n)
    if (!found) return
    const id = `line-${drawn++}`
    const make = () => {
      const line = made("div", "line")
      line.setAttribute("role", "separator")
      line.dataset.id = id
      return line
    }
    const line = add(id, make, (element) => tell(element, found.texts.join("; ")))
    line.classList.toggle("cut", found.cut)
  }
  data.rows.forEach((row, n) => {
    place(n)
    const id = String(row.id)
    add(id, () => newRow(id), (element) => fillRow(element, row, data.columns, data.scale))
  })
  place(data.rows.length)
  if (data.rest) {
    const fill = (element) => fillRow(element, data.rest, data.columns, data.scale)
    add("rest", () => newRow("rest"), fill).classList.add("rest")
  }

  let moved = false
  wanted.forEach((row, n) => {
    if (list.children[n] !== row) {
      list.insertBefore(row, list.children[n] ?? null)
      moved = true
    }
  })
  while (list.children.length > wanted.length) list.lastChild.remove()
  if (!moved || matchMedia("(prefers-reduced-motion: reduce)").matches) return
  for (const row of wanted) {
    const was = before.get(row.dataset.id)
    if (was === undefined || was === row.offsetTop) continue
    row.animate([{ transform: `translateY(${was - row.offsetTop}px)` }, { transform: "none" }], {
      duration: 160,
      easing: "ease-out",
    })
  }
}
