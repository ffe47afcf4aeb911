// Rows of tokens, each with two bars: what is expected, and what came. Where rolls are given, the
// second bars grow with them, one roll after the other. All words are set as text.
const SECONDS = 3
const states = new WeakMap()

function made(className, text = "") {
  const element = document.createElement("div")
  element.className = className
  element.textContent = text
  return element
}

function width(share, most) {
  return `${most > 0 ? (100 * share) / most : 0}%`
}

export default function ({ data, parentElement }) {
  const view = parentElement.querySelector("#view")
  const state = states.get(parentElement) ?? { name: "", frame: 0 }
  states.set(parentElement, state)
  cancelAnimationFrame(state.frame)

  const legend = made("legend")
  for (const kind of ["expected", "actual"]) {
    if (!data.legend[kind]) continue
    const item = document.createElement("span")
    item.append(made(`key ${kind}`), data.legend[kind])
    legend.append(item)
  }
  const list = made("rows")
  list.setAttribute("role", "list")
  list.setAttribute("aria-label", data.title)
  const rows = data.rows.map((row) => {
    const line = made("row")
    line.setAttribute("role", "listitem")
    for (const name of ["faded", "chosen", "rest"]) line.classList.toggle(name, Boolean(row[name]))
    const label = made("label", row.label)
    label.title = row.label
    const track = made("track")
    const expected = made("expected")
    const actual = made("actual")
    if (row.expected > 0) track.append(expected)
    track.append(actual)
    const figures = made("figures", row.figures)
    line.append(label, track, figures)
    list.append(line)
    return { expected, actual, figures }
  })
  const told = made("told")
  told.setAttribute("role", "status")
  view.replaceChildren(legend, list, told)

  const rolls = data.rolls
  if (!rolls) {
    const most = Math.max(...data.rows.map((row) => Math.max(row.expected, row.actual)))
    rows.forEach(({ expected, actual }, n) => {
      expected.style.width = width(data.rows[n].expected, most)
      actual.style.width = width(data.rows[n].actual, most)
      actual.hidden = data.rows[n].actual === 0
    })
    told.textContent = data.told ?? ""
    return
  }

  // The scale holds what is expected with some room; it widens where more comes.
  const draw = (count) => {
    const counts = data.rows.map(() => 0)
    for (let n = 0; n < count; n += 1) counts[rolls[n]] += 1
    const shares = counts.map((number) => (count ? number / count : 0))
    const expectations = data.rows.map((row) => row.expected)
    const most = Math.max(...expectations.map((share) => 1.15 * share), ...shares)
    rows.forEach(({ expected, actual, figures }, n) => {
      expected.style.width = width(expectations[n], most)
      actual.style.width = width(shares[n], most)
      actual.hidden = counts[n] === 0
      const about = expectations[n] * count
      figures.textContent = `${counts[n]} · expected ${about < 9.95 ? about.toFixed(1) : Math.round(about)}`
    })
  }
  const end = () => {
    draw(rolls.length)
    told.textContent = data.told
  }
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches
  if (still || state.name === data.name) {
    state.name = data.name
    end()
    return
  }
  state.name = data.name
  const began = performance.now()
  const step = (now) => {
    const done = Math.min(Math.max((now - began) / 1000 / SECONDS, 0), 1)
    // Slowly at first: one can see single rolls fall.
    const count = data.from + Math.round((rolls.length - data.from) * done ** 2)
    if (done === 1) {
      end()
      return
    }
    draw(count)
    told.textContent = `${count} of ${rolls.length} rolls …`
    state.frame = requestAnimationFrame(step)
  }
  draw(data.from)
  state.frame = requestAnimationFrame(step)
}
