// Saves what is typed into a text area while one pauses, not only when one leaves it; moves the
// cursor to a new turn, and a narrow screen to the conversation that was picked.
const PAUSE = 700
const seen = new WeakMap()

export default function ({ data, parentElement }) {
  const state = seen.get(parentElement) ?? { timers: new Map(), jumps: data.jumps, focus: "" }
  if (!seen.has(parentElement)) {
    seen.set(parentElement, state)
    state.oninput = (event) => later(state, event)
    state.onhide = () => [...state.timers.keys()].forEach((area) => commit(state, area))
    state.onleave = (event) => {
      if (state.timers.size || state.unsaved) event.preventDefault() // "Leave this page?"
      state.onhide()
    }
    document.addEventListener("input", state.oninput, true)
    document.addEventListener("visibilitychange", state.onhide)
    window.addEventListener("beforeunload", state.onleave)
  }
  state.unsaved = data.unsaved
  if (data.jumps !== state.jumps) {
    state.jumps = data.jumps
    if (window.innerWidth <= 640) {
      find(`.st-key-${data.conversation}`, (place) =>
        place.scrollIntoView({ behavior: "smooth", block: "start" })
      )
    }
  }
  if (data.focus && data.focus !== state.focus) {
    state.focus = data.focus
    find(`.st-key-${data.focus} textarea`, (area) => area.focus())
  }
  return () => {
    state.onhide()
    document.removeEventListener("input", state.oninput, true)
    document.removeEventListener("visibilitychange", state.onhide)
    window.removeEventListener("beforeunload", state.onleave)
    seen.delete(parentElement)
  }
}

function later(state, event) {
  const area = event.target
  if (!(area instanceof HTMLTextAreaElement) || event.isComposing) return
  if (!area.closest('[class*="st-key-turn-"]')) return
  clearTimeout(state.timers.get(area))
  state.timers.set(area, setTimeout(() => commit(state, area), PAUSE))
}

// A text area hands its text to Streamlit on Ctrl+Enter.
function commit(state, area) {
  clearTimeout(state.timers.get(area))
  state.timers.delete(area)
  if (!area.isConnected) return
  const enter = { key: "Enter", code: "Enter", ctrlKey: true, bubbles: true, cancelable: true }
  area.dispatchEvent(new KeyboardEvent("keydown", enter))
}

function find(selector, found, tries = 40) {
  const element = document.querySelector(selector)
  if (element) found(element)
  else if (tries) setTimeout(() => find(selector, found, tries - 1), 50)
}
