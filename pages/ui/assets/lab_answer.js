// The tokens of an answer, one of them current: a click or the arrow keys take another. All text.
const states = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  const view = parentElement.querySelector("#view")
  const state = states.get(parentElement) ?? { press: data.heard }
  states.set(parentElement, state)
  // A page drawn for an earlier press must not take back the later ones.
  if (data.heard >= state.press || data.run !== state.run) state.at = data.at
  if (data.run !== state.run) state.press = data.heard
  state.run = data.run
  let tokens = view.querySelector(".tokens")
  if (!tokens) {
    tokens = document.createElement("div")
    tokens.className = "tokens"
    tokens.tabIndex = 0
    tokens.setAttribute("role", "group")
    tokens.setAttribute("aria-label", "The answer, token by token")
    view.replaceChildren(tokens)
  }
  const show = (scroll) => {
    state.chips.forEach((chip, n) => {
      chip.classList.toggle("current", n === state.at)
      chip.classList.toggle("later", state.at >= 0 && n > state.at)
    })
    const chip = state.chips[state.at]
    if (scroll && chip) {
      const below = chip.offsetTop + chip.offsetHeight - tokens.offsetTop - tokens.clientHeight
      const above = chip.offsetTop - tokens.offsetTop
      if (below > tokens.scrollTop || above < tokens.scrollTop) tokens.scrollTop = above - 40
    }
  }
  const go = (n) => {
    if (state.at < 0 || n < 0 || n >= state.chips.length || n === state.at) return
    state.at = n
    show(true)
    state.press += 1
    setStateValue("at", { run: data.run, step: n + 1, press: state.press })
  }
  state.chips = data.texts.map((text, n) => {
    const chip = document.createElement("span")
    chip.className = "token"
    chip.textContent = text
    chip.onclick = () => go(n)
    return chip
  })
  tokens.replaceChildren(...state.chips)
  tokens.onkeydown = (event) => {
    const last = state.chips.length - 1
    const places = { ArrowRight: state.at + 1, ArrowLeft: state.at - 1, Home: 0, End: last }
    if (!(event.key in places)) return
    event.preventDefault()
    go(places[event.key])
  }
  show(true)
}
