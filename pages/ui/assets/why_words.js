// The tokens of an answer, each a button in the running text. A click, or an arrow key, takes one.
// All words are set as text.
const states = new WeakMap()

function made(tag, className, text = "") {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}

// The blanks before a word stand beside its button: at the end of a line the browser lets go of
// them. A line end gets a sign, so that it can be clicked; the break itself stays.
function spelled(text, n) {
  const word = text.trimStart()
  const button = made("button", "")
  button.type = "button"
  button.dataset.n = n
  if (word) {
    button.textContent = word
    return [text.slice(0, text.length - word.length), button]
  }
  button.append(made("span", "sign", text.replace(/\n/g, "↵").replace(/[^↵]/g, "·") || "∅"))
  return [button, text.includes("\n") ? "\n".repeat(text.split("\n").length - 1) : ""]
}

export default function ({ data, parentElement, setStateValue }) {
  const view = parentElement.querySelector("#view")
  const state = states.get(parentElement) ?? { texts: "", at: -1 }
  states.set(parentElement, state)
  if (!view.firstChild) {
    const words = made("div", "words")
    words.setAttribute("role", "group")
    words.setAttribute("aria-label", "The answer, word by word")
    view.append(words, made("div", "legend"))
  }
  const [words, legend] = view.children
  const texts = JSON.stringify([data.name, data.texts])
  if (state.texts !== texts) {
    state.texts = texts
    words.replaceChildren(...data.texts.flatMap(spelled))
  }
  state.at = data.at
  const buttons = [...words.children]
  const show = () => {
    buttons.forEach((button, n) => {
      const current = n === state.at
      button.classList.toggle("current", current)
      button.setAttribute("aria-pressed", String(current))
      button.tabIndex = n === Math.max(state.at, 0) ? 0 : -1
    })
  }
  const take = (n) => {
    if (n === state.at) return
    state.at = n
    show()
    // With the time: the same word may be wanted again after the view was closed.
    setStateValue("at", { name: data.name, index: n, when: Date.now() })
  }
  const picked = new Set(data.picked)
  words.classList.toggle("shaded", data.shaded)
  buttons.forEach((button, n) => {
    const level = data.levels[n]
    for (const each of [1, 2, 3]) button.classList.toggle(`level${each}`, level === each)
    button.classList.toggle("unread", level < 0)
    button.classList.toggle("picked", picked.has(n))
    button.title = picked.has(n) ? `Your choice. ${data.titles[n]}` : data.titles[n]
  })
  show()
  legend.replaceChildren(...data.legend.map((text, n) => made("span", `level${n}`, text)))
  words.onclick = (event) => {
    const button = event.target.closest?.("button")
    if (button) take(Number(button.dataset.n))
  }
  words.onkeydown = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const from = Number(event.target.closest?.("button")?.dataset.n ?? state.at)
    const last = buttons.length - 1
    const places = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: last }
    if (!(event.key in places)) return
    event.preventDefault()
    const n = Math.min(Math.max(places[event.key], 0), last)
    take(n)
    buttons[n].focus()
  }
}
