// For text areas in which conversations are written: saves what is typed while one pauses, not
// only when one leaves them; puts the cursor where the page wants it; moves a narrow screen to
// the conversation that was picked; and turns keys into commands, so that no mouse is needed.
const PAUSE = 700
const OURS = '[class*="st-key-turn-"], [class*="st-key-note-"]'
const COMMANDS = {
  "Shift+Enter": "split",
  "Shift+Backspace": "joined",
  "Shift+Delete": "deleted",
  "Shift+ArrowDown": "duplicated",
  ArrowUp: "up",
  ArrowDown: "down",
}
// Pressed again and again, faster than the page answers: every one counts, so they are a list.
const STEPS = { "Alt+KeyZ": "undo", "Alt+Shift+KeyZ": "redo" }
const BUTTONS = {
  "Alt+PageUp": "dataset_previous",
  "Alt+PageDown": "dataset_next",
}
const seen = new WeakMap()

export default function ({
  data,
  parentElement,
  setStateValue,
  setTriggerValue,
}) {
  const known = seen.has(parentElement)
  const state = seen.get(parentElement) ?? { timers: new Map(), jumps: data.jumps, focused: 0 }
  state.send = (name, area) => {
    commit(state, area)
    const at = [...area.value.slice(0, area.selectionStart)].length // Python counts whole characters
    setTriggerValue("command", { name, key: keyOf(area), text: area.value, at })
  }
  state.step = (name) => {
    state.steps ??= { since: String(Math.random()), names: [] }
    state.steps = { ...state.steps, names: [...state.steps.names, name] }
    setStateValue("steps", state.steps)
  }
  if (!known) {
    seen.set(parentElement, state)
    state.oninput = (event) => later(state, event)
    state.onkey = (event) => command(state, event)
    state.onhide = () => [...state.timers.keys()].forEach((area) => commit(state, area))
    state.onleave = (event) => {
      if (state.timers.size || state.unsaved) event.preventDefault() // "Leave this page?"
      state.onhide()
    }
    document.addEventListener("input", state.oninput, true)
    document.addEventListener("keydown", state.onkey, true)
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
  if (data.focus && data.focused !== state.focused) {
    state.focused = data.focused
    find(`.st-key-${data.focus} textarea`, (area) => area.focus())
  }
  if (data.cursorOf && data.cursorOf !== state.cursorOf) {
    find(`.st-key-${data.cursorOf} textarea`, (area) => state.send("split", area))
  }
  state.cursorOf = data.cursorOf
  return () => {
    state.onhide()
    document.removeEventListener("input", state.oninput, true)
    document.removeEventListener("keydown", state.onkey, true)
    document.removeEventListener("visibilitychange", state.onhide)
    window.removeEventListener("beforeunload", state.onleave)
    seen.delete(parentElement)
  }
}

function isOurs(area) {
  return area instanceof HTMLTextAreaElement && area.closest(OURS) !== null
}

function keyOf(area) {
  return [...area.closest(OURS).classList].find((name) => name.startsWith("st-key-")).slice(7)
}

function command(state, event) {
  const area = event.target
  if (!event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return
  const shift = event.shiftKey ? "Shift+" : ""
  const keys = `Alt+${shift}${event.code}`
  if (keys in STEPS || keys in BUTTONS) {
    event.preventDefault()
    if (isOurs(area)) commit(state, area)
    if (keys in STEPS) state.step(STEPS[keys])
    else document.querySelector(`.st-key-${BUTTONS[keys]} button`)?.click()
    return
  }
  if (!isOurs(area) || !keyOf(area).startsWith("turn-")) return
  const name = COMMANDS[shift + event.key]
  if (!name && event.key !== "Enter") return
  event.preventDefault()
  event.stopImmediatePropagation()
  if (name) state.send(name, area)
  else onward(state, area)
}

function onward(state, area) {
  const areas = [...document.querySelectorAll('[class*="st-key-turn-"] textarea')]
  const next = areas[areas.indexOf(area) + 1]
  if (next) next.focus()
  else state.send("next", area)
}

function later(state, event) {
  const area = event.target
  if (event.isComposing || !isOurs(area)) return
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
