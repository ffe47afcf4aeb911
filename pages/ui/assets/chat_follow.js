// A chat opens at its end. A new question comes to the top of what is seen, and its answer grows
// below it. Both stay there, whatever is drawn meanwhile, until the reader moves the page.
const MOVES = ["wheel", "touchmove", "pointerdown", "keydown"]
const seen = new WeakMap()

export default function ({ data, parentElement }) {
  const state = seen.get(parentElement) ?? {}
  seen.set(parentElement, state)
  const opened = state.chat !== data.chat
  const asked = !opened && data.turns > state.turns
  state.chat = data.chat
  state.turns = data.turns
  if (opened || asked) state.end?.()
  if (asked) state.end = follow(() => showQuestion(data.turns - 1))
  else if (opened && data.turns > 0) state.end = follow(showEnd)
  return () => {
    state.end?.()
    seen.delete(parentElement)
  }
}

function showQuestion(place) {
  const words = document.querySelector(`.st-key-question-${place}`)
  const message = words?.closest("[data-testid=stChatMessage]")
  if (!message) return
  message.style.scrollMarginTop = "4rem" // what floats above the page
  message.scrollIntoView({ block: "start" })
}

function showEnd() {
  const page = document.querySelector("[data-testid=stMain]")
  page.scrollTop = page.scrollHeight
}

function follow(show) {
  const grown = new ResizeObserver(show)
  const end = () => {
    grown.disconnect()
    for (const move of MOVES) document.removeEventListener(move, moved, true)
  }
  const moved = (event) => {
    // Writing the next question is no wish to be elsewhere.
    if (event.type === "keydown" && event.target.closest?.("textarea, input")) return
    end()
  }
  for (const move of MOVES) document.addEventListener(move, moved, true)
  grown.observe(document.querySelector(".st-key-conversation"))
  show()
  return end
}
